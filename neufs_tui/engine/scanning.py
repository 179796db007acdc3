"""The scan: every example of the pool captured once, stored batch by batch.

The order depends on the texts alone, not on the rows, so that a reordered pool is read in the
same batches and rounds the same way: windows in the order of content hashes, sorted by length
inside. What is stored is never read again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Example, ExampleId
from neufs_tui.engine.batching import Batching, Captured, Encoded
from neufs_tui.engine.protocol import EngineConfig, ModelReady, ScanProgressed
from neufs_tui.engine.scan_index import KnownScan, ScanIndex
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.storage.cache_writer import CacheWriter

_WINDOW = 512
"""Examples sorted by length together."""
_SPARSE = 1 / 8
"""Share of a window up to which what is missing may be read together with that of others."""
_FIRST = 8
"""Examples scanned before any other, so that labelling can begin."""


class Scanner:
    """Captures a pool with one model; whoever drives it decides on progress and stopping."""

    def __init__(self, config: EngineConfig, loaded: LoadedModel) -> None:
        """Encode the candidates and read what an earlier scan has stored.

        Raises:
            ModelError: the chat template cannot be used, or leaves no room for a text.
            UsageError: a label does not survive the model's tokenizer.
        """
        self.loaded = loaded
        self.encoder = PromptEncoder(
            loaded.tokenizer, config.task, context_window=loaded.context_window
        )
        self.notices = self.encoder.notices(example.text for example in config.examples)
        """What is to be known of how the model reads this pool."""
        self.runner = CaptureRunner(
            loaded,
            self.encoder.candidates,
            config.capture,
            neutral_prompt=self.encoder.prompt("").ids,
        )
        self._prefix = self.encoder.shared_prefix()
        self._batching = Batching(config, loaded, self.runner)
        self.shape = loaded.architecture.shape
        scan = KnownScan(
            ready(loaded).identity, self.encoder.fingerprint(), self.shape, self.runner.reads_all
        )
        self._source = scan.cache(config)
        ScanIndex(config.cache_dir).add(config, scan, loaded.files)
        self._take_up(config)

    def _take_up(self, config: EngineConfig) -> None:
        """Begin with what is stored of the configuration's texts."""
        self._config = config
        with self._source.open() as cache:
            self.captures: dict[ExampleId, Capture] = cache.get(
                [example.id for example in config.examples]
            )
        self._writer = CacheWriter(self._source)
        self._n_truncated = sum(capture.truncated for capture in self.captures.values())

    def beside(self, examples: Sequence[Example]) -> Scanner:
        """A scan of other texts with the same model and cache, once this one is closed."""
        other = copy.copy(self)
        other._take_up(replace(self._config, examples=tuple(examples), first=()))
        return other

    @property
    def complete(self) -> bool:
        """Whether every example is captured."""
        return len(self.captures) == len(self._config.examples)

    def run(self) -> Iterator[ScanProgressed]:
        """Capture what is missing; yield after each batch. At the end all of it is on disk.

        Raises:
            NeufsError: what was captured cannot be stored.
        """
        began, n_before = time.monotonic(), len(self.captures)
        yield self._progress(rate=0.0)
        if not self.complete:
            self.runner.share(self._prefix)
        for stored in self._captured():
            self._writer.put(stored)
            self.captures.update(stored)
            self._n_truncated += sum(capture.truncated for _, capture in stored)
            seconds = time.monotonic() - began
            if self.complete:
                self._writer.flush()
            yield self._progress(rate=(len(self.captures) - n_before) / seconds)

    def close(self) -> None:
        """Store what is not yet stored."""
        self._writer.close()

    def _progress(self, rate: float) -> ScanProgressed:
        done, total = len(self.captures), len(self._config.examples)
        return ScanProgressed(
            done=done,
            total=total,
            rate=rate,
            remaining_s=(total - done) / rate if rate else None,
            truncated=self._n_truncated,
        )

    def _captured(self) -> Iterator[Captured]:
        for batch in self._batches():
            yield from self._batching.read(batch, self.runner.capture)

    def _batches(self) -> Iterator[list[Encoded]]:
        if self._config.first:
            by_id = {example.id: example for example in self._config.examples}
            first = [by_id[one] for one in self._config.first]
            yield from self._missing(first[:_FIRST])
            yield from self._missing(first[_FIRST:])
        for window in self._windows():
            yield from self._missing(window, by_length=True)

    def _windows(self) -> Iterator[Sequence[Example]]:
        """Examples to be sorted by length together, those of a grown pool in windows of their own.

        Where a pool has grown, what is new is a few of each window; an interrupted scan leaves
        one such window at most, whose batches stay as they were.
        """
        by_hash = sorted(self._config.examples, key=lambda example: example.id)
        sparse: list[tuple[Sequence[Example], list[Example]]] = []
        for window in _cut(by_hash):
            missing = [example for example in window if example.id not in self.captures]
            if 0 < len(missing) <= _SPARSE * len(window):
                sparse.append((window, missing))
            elif missing:
                yield window
        if len(sparse) == 1:
            yield sparse[0][0]
        else:
            yield from _cut([example for _, missing in sparse for example in missing])

    def _missing(
        self, window: Sequence[Example], *, by_length: bool = False
    ) -> Iterator[list[Encoded]]:
        """Batches of a window, less what is captured already."""
        if all(example.id in self.captures for example in window):
            return
        encoded = [(example, self.encoder.prompt(example.text)) for example in window]
        if by_length:
            encoded.sort(key=lambda item: (len(item[1].ids), item[0].id))
        for batch in self._batching.cut(encoded):
            missing = [item for item in batch if item[0].id not in self.captures]
            if missing:
                yield missing


def _cut(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), _WINDOW):
        yield examples[start : start + _WINDOW]


def ready(loaded: LoadedModel) -> ModelReady:
    """What the app and the manifests keep of a loaded model."""
    return ModelReady(
        name=loaded.name,
        device=loaded.device,
        dtype=loaded.dtype,
        neurons=str(loaded.architecture.shape),
        fingerprint=loaded.fingerprint,
        reading=loaded.reading,
        adapter=loaded.adapter,
        base=loaded.base,
        trusted=loaded.trusted,
    )
