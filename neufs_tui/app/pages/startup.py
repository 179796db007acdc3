"""What is said of the start while it is under way: an honest line, no spinner."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neufs_tui.core.text import one_line
from neufs_tui.engine.protocol import Downloaded, EngineDied, Event, Stage


@dataclass(frozen=True, slots=True)
class Loading:
    """The part of the start that is under way."""

    step: str = "reading the pool"
    progress: str = ""
    """How far it is."""

    def after(self, event: Event) -> Loading:
        """What to say once an event has arrived."""
        if isinstance(event, Stage):
            return Loading(one_line(event.detail))
        if isinstance(event, Downloaded):
            return replace(self, progress=_share(event))
        if isinstance(event, EngineDied) and event.restarting:
            return Loading("starting the engine again")
        return self

    def __str__(self) -> str:
        """In one line."""
        return self.step + (f" — {self.progress}" if self.progress else "")


def _share(event: Downloaded) -> str:
    if event.total <= 0:
        return f"{event.done / 1e6:,.0f} MB"
    return f"{100 * event.done // event.total}% of {event.total / 1e6:,.0f} MB"
