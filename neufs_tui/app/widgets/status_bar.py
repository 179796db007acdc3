"""The two lines at the bottom that say where the annotator is and where the engine is."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.wording.lines import spread
from neufs_tui.wording.status import StatusLines


class StatusBar(Widget):
    """Counts and engine above, scan and freshness of the ranking below."""

    DEFAULT_CSS = "StatusBar { height: 2; }"

    lines: reactive[StatusLines] = reactive(StatusLines())

    def render(self) -> RenderResult:
        """Two lines, each with something at both ends."""
        width, lines = self.content_size.width, self.lines
        return Content.assemble(
            spread(lines.counts, lines.engine, width),
            "\n",
            (spread(lines.scan, lines.freshness, width), "$foreground-muted"),
        )
