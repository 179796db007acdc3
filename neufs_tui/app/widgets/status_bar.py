"""The two lines at the bottom that say where she is and where the engine is."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.app.text import spread


class StatusBar(Widget):
    """Counts and engine above, scan and freshness of the ranking below."""

    DEFAULT_CSS = "StatusBar { height: 2; }"

    counts: reactive[tuple[str, ...]] = reactive(())
    freshness: reactive[str] = reactive("")
    scan: reactive[tuple[str, ...]] = reactive(())
    engine: reactive[str] = reactive("")

    def render(self) -> RenderResult:
        """Two lines, each with something at both ends."""
        width = self.content_size.width
        return Content.assemble(
            spread(self.counts, self.engine, width),
            "\n",
            (spread(self.scan, self.freshness, width), "$foreground-muted"),
        )
