"""What a headless command is doing, told on standard error."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from neufs_tui.core.text import one_line
from neufs_tui.engine.protocol import (
    Downloaded,
    Event,
    ModelReady,
    Noticed,
    ScanProgressed,
    Stage,
)
from neufs_tui.wording.sentences import model_parts


class Narrator:
    """Tells stages in lines, and downloads and the scan as progress bars."""

    def __init__(
        self, notices: Sequence[str] = (), *, work: str = "scanning", unit: str = "examples"
    ) -> None:
        """Tell first what is to be known of the pool.

        Args:
            notices: that.
            work: what the model does.
            unit: what is counted of it.
        """
        self._work, self._unit = work, unit
        # read by tqdm when transformers imports it: its bars would fight with these
        os.environ.setdefault("TQDM_DISABLE", "1")
        self._console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[amount]}"),
            _TimeLeft(),
            console=self._console,
        )
        self._bars: dict[str, TaskID] = {}
        for notice in notices:
            self.say(notice)

    def __enter__(self) -> Narrator:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last state of the bars on the screen."""
        self._progress.stop()

    def say(self, sentence: str) -> None:
        """One line of narration."""
        self._console.print(one_line(sentence), soft_wrap=True)

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Stage(name="scan"):
                pass
            case Stage():
                self.say(event.detail)
            case Downloaded():
                megabytes = f"{event.done / 1e6:,.0f}/{event.total / 1e6:,.0f} MB"
                self._draw("fetching", event.done, event.total, megabytes)
            case ModelReady():
                self.say(
                    f"{model_parts(event)} on {event.device} in {event.dtype}: "
                    f"{event.neurons}, {event.reading}"
                )
            case Noticed():
                for sentence in event.sentences:
                    self.say(sentence)
            case ScanProgressed():
                amount = f"{event.done:,}/{event.total:,} {self._unit}"
                if event.rate:
                    amount += f", {event.rate:,.1f}/s"
                self._draw(self._work, event.done, event.total, amount, event.remaining_s)

    def _draw(
        self, what: str, done: int, total: int, amount: str, left_s: float | None = None
    ) -> None:
        told: dict[str, Any] = {"amount": amount, "left_s": left_s}
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total, **told)
        self._progress.update(self._bars[what], completed=done, total=total, **told)


class _TimeLeft(TimeRemainingColumn):
    """The time left as the work itself tells it, else by how the bar has moved.

    The bar leaps over what was read by an earlier run.
    """

    def render(self, task: Task) -> Text:
        left_s: float | None = task.fields["left_s"]
        if left_s is None:
            return super().render(task)
        return Text(str(timedelta(seconds=round(left_s))), style="progress.remaining")
