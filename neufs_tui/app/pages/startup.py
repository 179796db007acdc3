"""What the screen says until there is an example to show: honest lines, no spinner."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neufs_tui.core.text import one_line
from neufs_tui.engine.protocol import Downloaded, EngineDied, Event, ScanProgressed, Stage
from neufs_tui.wording.status import scan_parts

DONE = "✓"
UNDER_WAY = "›"


@dataclass(frozen=True, slots=True)
class Loading:
    """The parts of the work that were begun, in order; all but the last are done."""

    steps: tuple[str, ...] = ("reading the pool",)
    progress: str = ""
    """How far the last part is."""

    def after(self, event: Event) -> Loading:
        """What to show once an event has arrived."""
        if isinstance(event, Stage):
            return self.begin(one_line(event.detail))
        if isinstance(event, Downloaded):
            return replace(self, progress=_share(event))
        if isinstance(event, ScanProgressed):
            return replace(self, progress=" · ".join(scan_parts(event)))
        if isinstance(event, EngineDied) and event.restarting:
            return Loading(("starting the engine again",))
        return self

    def begin(self, step: str) -> Loading:
        """Tick the last part off and begin another."""
        return Loading((*self.steps, step))

    def lines(self) -> list[str]:
        """A line for each part, ticked where it is done."""
        ticked = [f"{DONE} {step}" for step in self.steps[:-1]]
        last = self.steps[-1] + (f" — {self.progress}" if self.progress else "")
        return [*ticked, f"{UNDER_WAY} {last}"]


def _share(event: Downloaded) -> str:
    if event.total <= 0:
        return f"{event.done / 1e6:,.0f} MB"
    return f"{100 * event.done // event.total}% of {event.total / 1e6:,.0f} MB"
