"""Texts read behind sets of demonstrations; what is read is on disk before the next batch."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.records import Demonstration, Example, ExampleId
from neufs_tui.engine.announcer import Announcer, Listener
from neufs_tui.engine.batching import Batching
from neufs_tui.engine.protocol import EngineConfig, ModelReady, ScanProgressed
from neufs_tui.storage.score_cache import ScoreCache, Scores

Demonstrations = tuple[Demonstration, ...]

_VERSION = 1
"""Raised whenever the same prompts score otherwise, or the file is laid out anew."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts to be read behind one set."""

    demonstrations: Demonstrations
    texts: Sequence[Example]


@dataclass(frozen=True, slots=True)
class SetReading:
    """What was read behind one set."""

    demonstrations: Demonstrations
    """Those that fit into the context window, the newest."""
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


def read_sets(config: EngineConfig, wanted: Sequence[Wanted], listener: Listener) -> SetReadings:
    """Read texts behind sets of demonstrations, each set's texts in one go.

    What an earlier run has read is not read again, also when that was killed.

    Args:
        config: task, model and where caches are; its examples do not matter.
        wanted: the sets, each with its texts.
        listener: hears stages and progress, in prompts.

    Raises:
        NeufsError: the model cannot be loaded, the task not asked, or nothing stored.
    """
    from neufs_tui.engine.scanning import ready
    from neufs_tui.model.encoding import PromptEncoder
    from neufs_tui.model.loading.checked import load_checked_model
    from neufs_tui.model.score_runner import ScoreRunner

    announcer = Announcer(listener)
    announcer.stage("libraries", "starting PyTorch and transformers")
    loaded = load_checked_model(config.model, config.cache_dir / "models", announcer)
    model = ready(loaded)
    listener(model)
    encoder = PromptEncoder(loaded.tokenizer, config.task, context_window=loaded.context_window)
    key = {
        "model": model.fingerprint,
        "dtype": model.dtype,
        "prompt": encoder.fingerprint(),
        "capture": json.dumps(asdict(config.capture), sort_keys=True),
        "version": str(_VERSION),
    }

    def read(
        cache: ScoreCache,
        shown: Demonstrations,
        texts: Sequence[Example],
        known: Mapping[ExampleId, Scores],
    ) -> Iterator[Sequence[tuple[ExampleId, Scores]]]:
        """Read and store what is not known yet, a batch at a time.

        Batches are cut from all texts, and demonstrations read from their beginning: a run that
        goes on rounds as one that was never stopped.
        """
        runner = ScoreRunner(loaded, encoder.candidates, config.capture)
        batching = Batching(config, loaded, runner)
        runner.share(encoder.shared_prefix(shown))
        encoded = [(one, encoder.prompt(one.text, shown)) for one in texts]
        encoded.sort(key=lambda item: (len(item[1].ids), item[0].id))
        for batch in batching.cut(encoded):
            missing = [item for item in batch if item[0].id not in known]
            for part in batching.read(missing, runner.scores) if missing else ():
                cache.put(part)
                yield part

    progress = _Progress(sum(len({one.id for one in each.texts}) for each in wanted), listener)
    sets = []
    for each in wanted:
        shown = encoder.fitting(each.demonstrations)
        told = json.dumps([asdict(one) for one in shown])
        folder = config.cache_dir / "scores"
        with closing(ScoreCache(folder, key | {"demonstrations": told})) as cache:
            known = cache.all()
            texts = {one.id: one for one in each.texts}
            missing = texts.keys() - known.keys()
            progress.skip(len(texts) - len(missing))
            for part in read(cache, shown, [*texts.values()], known) if missing else ():
                known |= dict(part)
                progress.add(len(part))
        sets.append(SetReading(shown, _in_order(known, each.texts, len(encoder.candidates))))
    lengths = np.array([len(one) for one in encoder.candidates], dtype=np.int64)
    return SetReadings(model, lengths, tuple(sets))


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
