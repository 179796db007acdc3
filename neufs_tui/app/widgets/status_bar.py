"""The line at the bottom that says whether the labels help, and what the engine does."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.wording.lines import spread
from neufs_tui.wording.status import StatusLines


class StatusBar(Widget):
    """What the engine does or the check set says at the left, what was chosen with at the right."""

    DEFAULT_CSS = "StatusBar { height: 1; }"

    lines: reactive[StatusLines] = reactive(StatusLines())

    def render(self) -> RenderResult:
        """Something at both ends."""
        return Content(spread(self.lines.work, self.lines.note, self.content_size.width))
