"""An engine without a model: ranks what is scanned already, for commands that must be quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.kept_selection import KeptSelection
from neufs_tui.engine.protocol import EngineConfig, Event, Focus, Request, ScanProgressed
from neufs_tui.engine.ranking import Ranker
from neufs_tui.engine.scan_index import KnownScan, ScanIndex


class ScannedEngine:
    """Answers a focus that asks for an example, as soon as it is sent; explains nothing.

    What it says is what the engine process would say with rereading off.
    """

    def __init__(
        self, config: EngineConfig, scan: KnownScan, captures: Mapping[ExampleId, Capture]
    ) -> None:
        """Bind a pool that is wholly captured; use `ScannedEngine.open`."""
        self._scan = scan
        self._listener: Callable[[Event], None] | None = None
        self._bind(config, captures)

    @classmethod
    def open(cls, config: EngineConfig) -> ScannedEngine | None:
        """The engine on what an earlier scan has stored; None unless that is the whole pool."""
        scan = ScanIndex(config.cache_dir).find(config)
        if scan is None:
            return None
        captures = _captures(config, scan)
        return cls(config, scan, captures) if len(captures) == len(config.examples) else None

    def start(self, listener: Callable[[Event], None]) -> None:
        """Say what is scanned."""
        self._listener = listener
        done, total = len(self._captures), len(self._config.examples)
        n_truncated = sum(capture.truncated for capture in self._captures.values())
        listener(ScanProgressed(done, total, rate=0.0, remaining_s=0.0, truncated=n_truncated))
        self._ranker.observe(self._captures, complete=done == total)
        self._ranker.finish()

    def update(self, config: EngineConfig) -> None:
        """Go on with another pool for the same task and model, as far as it is scanned."""
        self._bind(config, _captures(config, self._scan))
        if self._listener is not None:
            self.start(self._listener)

    def send(self, request: Request) -> None:
        """Answer at once where an example is wanted."""
        if self._listener is not None and isinstance(request, Focus) and request.shown is None:
            self._listener(replace(self._ranker.answer(request), final=True))

    def stop(self) -> None:
        """There is nothing to stop."""

    def _bind(self, config: EngineConfig, captures: Mapping[ExampleId, Capture]) -> None:
        self._config, self._captures = config, captures
        self._ranker = Ranker(
            config.examples,
            config.task,
            config.selection,
            model=self._scan.model,
            memory=KeptSelection(config.cache_dir / "clusterings"),
            calibrator=Calibrator(config, reads_all=self._scan.reads_all),
        )


def _captures(config: EngineConfig, scan: KnownScan) -> dict[ExampleId, Capture]:
    with scan.cache(config).open() as cache:
        return cache.get([example.id for example in config.examples])
