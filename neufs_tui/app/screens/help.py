"""Keys, task and labels on one page."""

from __future__ import annotations

from textual import on
from textual.content import Content
from textual.events import Mount

from neufs_tui.app.keys import Action
from neufs_tui.app.pages import instead
from neufs_tui.app.screens.page import PageScreen
from neufs_tui.core.records import Task


class HelpScreen(PageScreen):
    """What the annotator may want to read again."""

    def __init__(self, task: Task | None) -> None:
        """Show a task's labels, or only the keys before the task is known."""
        super().__init__(Content(""), Action.HELP)
        self._task_shown = task

    @on(Mount)
    def _show_guide(self) -> None:
        self.fill(instead.guide(self._task_shown, self.line_width))
