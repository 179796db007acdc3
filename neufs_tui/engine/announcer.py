"""What loading does and finds out, as the engine's events."""

from __future__ import annotations

from collections.abc import Callable

from neufs_tui.engine.protocol import Downloaded, EngineEvent, Noticed, Stage, StageName

Listener = Callable[[EngineEvent], None]


class Announcer:
    """Passes on each stage and the bytes that arrive."""

    def __init__(self, listener: Listener) -> None:
        """Keep who is told."""
        self._listener = listener

    def stage(self, name: StageName, detail: str) -> None:
        """A part of the work begins."""
        self._listener(Stage(name, detail))

    def downloaded(self, done: int, total: int) -> None:
        """More bytes have arrived."""
        self._listener(Downloaded(done, total))

    def notice(self, sentences: tuple[str, ...]) -> None:
        """There may be something to be known of how the model reads the pool."""
        if sentences:
            self._listener(Noticed(sentences))
