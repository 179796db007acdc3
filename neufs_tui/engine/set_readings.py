"""Texts read behind sets of demonstrations; what is read is on disk before the next batch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.records import Demonstration, Example, ExampleId, content_hash
from neufs_tui.engine.announcer import Listener
from neufs_tui.engine.batching import Batching
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.protocol import EngineConfig, ModelReady, ScanProgressed
from neufs_tui.storage.score_cache import ScoreCache, Scores

Demonstrations = tuple[Demonstration, ...]
Ids = tuple[int, ...]

_VERSION = 2
"""Raised whenever the same prompts score otherwise, or the file is laid out anew."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts to be read behind one set."""

    demonstrations: Demonstrations
    texts: Sequence[Example]


@dataclass(frozen=True, slots=True)
class WantedEach:
    """Texts to be read each behind a set of its own; their prompts share the instruction alone."""

    demonstrations: Sequence[Demonstrations]
    """Of each text."""
    texts: Sequence[Example]


@dataclass(frozen=True, slots=True)
class SetReading:
    """What was read behind one set."""

    demonstrations: Demonstrations
    """Those that fit into the context window, the last; of sets that texts have of their own, the
    smallest."""
    scores: NDArray[np.float32]
    """Mean log-probability of each label's tokens, in the order of the texts, (n, n_labels)."""


@dataclass(frozen=True, slots=True)
class SetReadings:
    """What was read behind all sets."""

    model: ModelReady
    lengths: NDArray[np.int64]
    """Tokens of each label, shape (n_labels,)."""
    sets: tuple[SetReading, ...]
    """In the order in which they were wanted."""


def read_sets(
    config: EngineConfig,
    wanted: Sequence[Wanted | WantedEach],
    listener: Listener,
    needed: NeededModel | None = None,
) -> SetReadings:
    """Read texts behind sets of demonstrations, each set's texts in one go.

    What an earlier run has read is not read again, also when that was killed; what sets begin with
    alike is read once, as sets that do are read one after the other.

    Args:
        config: task, model and where caches are; its examples do not matter.
        wanted: the sets, each with its texts.
        listener: hears stages and progress, in prompts.
        needed: the configuration's model, where it may be loaded already.

    Raises:
        NeufsError: the model cannot be loaded, the task not asked, or nothing stored.
    """
    from neufs_tui.engine.scanning import ready
    from neufs_tui.model.encoding import PromptEncoder
    from neufs_tui.model.score_runner import ScoreRunner

    loaded = (needed or NeededModel(config, listener)).loaded
    model = ready(loaded)
    encoder = PromptEncoder(loaded.tokenizer, config.task, context_window=loaded.context_window)
    key = {
        "model": model.fingerprint,
        "dtype": model.dtype,
        "prompt": encoder.fingerprint(),
        "capture": json.dumps(asdict(config.capture), sort_keys=True),
        "version": str(_VERSION),
    }

    runner = ScoreRunner(loaded, encoder.candidates, config.capture)
    batching = Batching(config, loaded, runner)
    beginning = _Beginning(runner.share)
    asked = [_asked(each, encoder.fitting) for each in wanted]
    shared = [one.shared for one in asked]

    def read(
        cache: ScoreCache, one: _Asked, known: Mapping[ExampleId, Scores]
    ) -> Iterator[Sequence[tuple[ExampleId, Scores]]]:
        """Read and store what is not known yet, a batch at a time.

        Batches are cut from all texts, and demonstrations read in parts that all sets together
        determine: a run that goes on rounds as one that was never stopped.
        """
        cuts = ends(one.shared, shared)
        beginning.become([encoder.shared_prefix(one.shared[:end]) for end in cuts])
        pairs = {text.id: (text, shown) for text, shown in zip(one.texts, one.shown, strict=True)}
        encoded = [(text, encoder.prompt(text.text, shown)) for text, shown in pairs.values()]
        encoded.sort(key=lambda item: (len(item[1].ids), item[0].id))
        for batch in batching.cut(encoded):
            missing = [item for item in batch if item[0].id not in known]
            for part in batching.read(missing, runner.scores) if missing else ():
                cache.put(part)
                yield part

    progress = _Progress(sum(len(one.ids) for one in asked), listener)
    found: dict[int, SetReading] = {}
    for place in sorted(range(len(asked)), key=lambda at: _sort_key(shared[at])):
        one = asked[place]
        folder = config.cache_dir / "scores"
        with closing(ScoreCache(folder, key | {"demonstrations": one.told})) as cache:
            known = cache.all()
            missing = one.ids - known.keys()
            progress.skip(len(one.ids) - len(missing))
            for part in read(cache, one, known) if missing else ():
                known |= dict(part)
                progress.add(len(part))
        smallest = min(one.shown, key=len, default=one.shared)
        scores = _in_order(known, one.texts, len(encoder.candidates))
        found[place] = SetReading(smallest, scores)
    lengths = np.array([len(one) for one in encoder.candidates], dtype=np.int64)
    return SetReadings(model, lengths, tuple(found[place] for place in range(len(wanted))))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Texts whose scores are kept in one file."""

    told: str
    """What tells the file apart from others."""
    shared: Demonstrations
    """What all its prompts begin with."""
    texts: Sequence[Example]
    """Under the ids by which their scores are kept."""
    shown: Sequence[Demonstrations]
    """What each is read behind."""

    @property
    def ids(self) -> set[ExampleId]:
        """Of the texts."""
        return {one.id for one in self.texts}


def _asked(
    wanted: Wanted | WantedEach, fitting: Callable[[Demonstrations], Demonstrations]
) -> _Asked:
    if isinstance(wanted, Wanted):
        shown = fitting(wanted.demonstrations)
        return _Asked(_told(shown), shown, wanted.texts, [shown] * len(wanted.texts))
    own = [fitting(one) for one in wanted.demonstrations]
    # what a text is read behind changes with every label, but not for every text
    kept = [
        replace(one, id=content_hash(f"{one.id} {_told(shown)}"))
        for one, shown in zip(wanted.texts, own, strict=True)
    ]
    return _Asked("each text its own", (), kept, own)


def _told(shown: Demonstrations) -> str:
    return json.dumps([asdict(one) for one in shown])


def ends(shown: Demonstrations, every: Sequence[Demonstrations]) -> list[int]:
    """Where a set is cut to be read: behind what it shares with any other, and at its end.

    Returns:
        Numbers of demonstrations, ascending. Two sets have the same ends as far as they are the
        same, so what one of them was read to can be gone on from for the other.
    """
    return sorted({_n_alike(shown, other) for other in every} | {len(shown)})


def _n_alike(these: Sequence[object], those: Sequence[object]) -> int:
    """How many values both begin with."""
    pairs = zip(these, those, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _sort_key(shown: Demonstrations) -> tuple[tuple[str, str], ...]:
    """In this order no beginning is left before all sets that have it are read."""
    return tuple((one.text, one.answer) for one in shown)


class _Beginning:
    """What the prompts of the set at hand begin with, read part by part.

    What is held of a beginning does not depend on which sets were read before: every part of it
    was read in a pass of its own, or it is read anew.
    """

    def __init__(self, share: Callable[[Ids], int]) -> None:
        self._share = share
        self._parts: list[Ids] = []

    def become(self, parts: list[Ids]) -> None:
        """Hold the last of these, which is read over the others, and keep what is read of them."""
        n_kept = _n_alike(self._parts, parts)
        kept: Ids = parts[n_kept - 1] if n_kept else ()
        # a template may write other tokens into what was read once more demonstrations follow
        if any(one[: len(kept)] != kept for one in self._parts[n_kept:]):
            n_kept, kept = 0, ()
        for ids in (kept, *parts[n_kept:]):
            self._share(ids)
        self._parts = parts


def _in_order(
    known: Mapping[ExampleId, Scores], texts: Sequence[Example], n_labels: int
) -> NDArray[np.float32]:
    rows = [known[one.id] for one in texts]
    return np.stack(rows) if rows else np.empty((0, n_labels), dtype=np.float32)


class _Progress:
    """Tells how far all is, by what this run has read itself."""

    def __init__(self, total: int, listener: Listener) -> None:
        self._total, self._listener = total, listener
        self._done = self._n_read = 0
        self._began = time.monotonic()

    def skip(self, n: int) -> None:
        self._done += n
        self._tell()

    def add(self, n: int) -> None:
        self._done += n
        self._n_read += n
        self._tell()

    def _tell(self) -> None:
        rate = self._n_read / (time.monotonic() - self._began) if self._n_read else 0.0
        left = (self._total - self._done) / rate if rate else None
        self._listener(ScanProgressed(self._done, self._total, rate, left))
