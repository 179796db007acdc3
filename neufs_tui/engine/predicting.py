"""What the labels of a session say of its pool, and of texts that are not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neufs_tui.core.check_set import as_unlabelled, n_left
from neufs_tui.core.draws import Draws
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, Example, ExampleId, ModelIdentity
from neufs_tui.engine.announcer import Announcer, Listener
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.estimating import Estimator
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.scan_index import ScanIndex
from neufs_tui.readout.fitted import FittedReadout
from neufs_tui.readout.kernel_regression import Floats
from neufs_tui.selection.scanned_pool import ScannedPool

if TYPE_CHECKING:
    from neufs_tui.engine.scanning import Scanner


@dataclass(frozen=True, slots=True)
class TextsRead:
    """Texts that were read without demonstrations."""

    captures: Mapping[ExampleId, Capture]
    model: ModelIdentity
    prompt: str
    """Digest of the prompt that they were read in."""
    reads_all: bool
    """Every label was read to its end, whatever its chances."""

    def of(self, texts: Sequence[Example]) -> list[Capture]:
        """What was read of some of them, in their order."""
        return [self.captures[one.id] for one in texts]


@dataclass(frozen=True, slots=True)
class Learned:
    """What labels have taught, and what it is applied to."""

    read: TextsRead
    """The pool and the further texts."""
    readout: FittedReadout

    def probabilities(self, texts: Sequence[Example], answers: Floats | None = None) -> Floats:
        """Of the labels of n texts, which were read, shape (n, n_labels).

        Args:
            texts: of the pool, or of the further ones.
            answers: as for `FittedReadout.probabilities`.
        """
        return self.readout.probabilities(self.read.of(texts), answers)

    def vectors(self, texts: Sequence[Example]) -> Any:
        """Where some of them lie, as `FittedReadout.vectors` has it."""
        return self.readout.vectors(self.read.of(texts))


def learn_readout(
    config: EngineConfig,
    decisions: Sequence[Decision],
    texts: Sequence[Example],
    needed: NeededModel,
    listener: Listener,
) -> Learned | None:
    """Read a pool and further texts, and learn from the labels as the estimates do on the screen.

    What an earlier scan stored is not read again; where that is all, no model is loaded.

    Args:
        config: pool, task and model.
        decisions: what holds, in order.
        texts: further texts, of which nothing is learned.
        needed: the configuration's model.
        listener: hears stages and progress.

    Returns:
        None without labels to learn from.

    Raises:
        NeufsError: the model cannot be loaded, or nothing stored.
    """
    (learned,) = learn_readouts(config, [decisions], texts, needed, listener)
    return learned


def learn_readouts(
    config: EngineConfig,
    each: Sequence[Sequence[Decision]],
    texts: Sequence[Example],
    needed: NeededModel,
    listener: Listener,
) -> list[Learned | None]:
    """The same for several sets of decisions, of which each stands for itself."""
    read = read_texts(config, texts, needed, listener)
    pool = ScannedPool({one.id: read.captures[one.id] for one in config.examples})
    calibrator = Calibrator(config, reads_all=read.reads_all)
    estimator = Estimator(calibrator, config.task.label_names)
    fitted = [
        estimator.fit(pool, as_unlabelled(one), _held(config, one), read.captures) for one in each
    ]
    return [Learned(read, one) if one is not None else None for one in fitted]


def read_texts(
    config: EngineConfig, texts: Sequence[Example], needed: NeededModel, listener: Listener
) -> TextsRead:
    """Capture a pool, then further texts; those that are stored are not read.

    Args:
        config: pool, task and model.
        texts: further texts.
        needed: the configuration's model, loaded only where something is to be read.
        listener: hears stages and progress.

    Raises:
        NeufsError: the model cannot be loaded, or nothing stored.
    """
    wanted = [one.id for one in (*config.examples, *texts)]
    scan = ScanIndex(config.cache_dir).find(config)
    if scan is not None:
        with scan.cache(config).open() as cache:
            stored = cache.get(wanted)
        if stored.keys() >= {*wanted}:
            return TextsRead(stored, scan.model, scan.prompt, scan.reads_all)

    from neufs_tui.engine.scanning import Scanner, ready

    loaded = needed.loaded
    scanner = Scanner(config, loaded)
    every = (one.text for one in (*config.examples, *texts))
    Announcer(listener).notice(scanner.encoder.notices(every))
    captures = {**scanned(scanner, listener), **scanned(scanner.beside(texts), listener)}
    prompt, reads_all = scanner.encoder.fingerprint(), scanner.runner.reads_all
    return TextsRead(captures, ready(loaded).identity, prompt, reads_all)


def scanned(scanner: Scanner, listener: Listener) -> Mapping[ExampleId, Capture]:
    """Capture what a scanner is for, and close it.

    Raises:
        NeufsError: nothing can be stored.
    """
    try:
        for progress in scanner.run():
            listener(progress)
    finally:
        scanner.close()
    return scanner.captures


def _held(config: EngineConfig, decisions: Sequence[Decision]) -> tuple[ExampleId, ...]:
    """The check examples that are still to come, as `Workspace.held` has them."""
    n = min(config.selection.check, len(config.examples) // 2)
    decided = {one.example_id for one in decisions}
    draws = Draws((one.id for one in config.examples), config.selection.seed, checks=n > 0)
    return tuple(pick.example_id for pick in draws.next(decided, n_left(decisions, n)))
