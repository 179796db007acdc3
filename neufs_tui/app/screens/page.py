"""Pages over the labelling screen, which scroll."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen

from neufs_tui.app.keys import SCROLLING, closed_by
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import Scroller, TextView
from neufs_tui.wording.sentences import hidden_lines

_WIDEST, _MARGIN = 94, 6
"""Of the style sheet: cells of the page with its margin, and of margin and padding."""


class ScrollingScreen(ModalScreen[None]):
    """Scrolls what a subclass puts above its last line, which says how much is hidden.

    Escape, quit and, by the subclass's own bindings, the key that opened it close it.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [*closed_by(), *SCROLLING]

    def on_mount(self) -> None:
        """Say how to leave."""
        self.query_one("#leave", Bar).parts = ("esc closes",)

    @on(Scroller.Scrolled)
    def _tell_hidden_lines(self, event: Scroller.Scrolled) -> None:
        event.stop()
        self.query_one("#leave", Bar).right = hidden_lines(event.above, event.below)

    def action_scroll(self, to: str) -> None:
        """Move the page."""
        self.query_one(Scroller).move(to)


class PageScreen(ScrollingScreen):
    """Scrolls a page of text."""

    CSS_PATH = "page.tcss"

    def __init__(self, page: Content) -> None:
        """Bind what the annotator reads first."""
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """The page, and how to leave it."""
        yield TextView(id="page")
        yield Bar(id="leave")

    def on_mount(self) -> None:
        """Fill the page."""
        self.query_one(TextView).show(self._page)

    def fill(self, page: Content) -> None:
        """Show another page."""
        self._page = page
        if self.is_mounted and self in self.app.screen_stack:
            self.query_one(TextView).show(page)

    @property
    def line_width(self) -> int:
        """Cells a line of the page may have."""
        return min(self.app.size.width, _WIDEST) - _MARGIN
