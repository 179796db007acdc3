"""What the help key opens: keys, task and labels on one page, and what a page's numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding
from textual.content import Content
from textual.events import Mount

from neufs_tui.app.keys import closed_by
from neufs_tui.app.pages import explanation, instead
from neufs_tui.app.screens.page import PageScreen
from neufs_tui.core.records import Task


class HelpScreen(PageScreen):
    """What the annotator may want to read again."""

    BINDINGS: ClassVar = closed_by("help")

    def __init__(self, commands: Sequence[Binding], task: Task | None) -> None:
        """Show what the keys do, and a task's labels once the task is known."""
        super().__init__(Content(""))
        self._commands = commands
        self._task_shown = task

    @on(Mount)
    def _show_guide(self) -> None:
        self.fill(instead.guide(self._commands, self._task_shown, self.line_width))


class MeaningsScreen(PageScreen):
    """What each number of an explanation means."""

    BINDINGS: ClassVar = closed_by("help")

    def __init__(self) -> None:
        """Show all of them."""
        super().__init__(explanation.meanings())
