"""A page of text over the labelling screen."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen

from neufs_tui.app.keys import SCROLLING, closed_by
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.wording.sentences import hidden_lines

_WIDEST, _MARGIN = 94, 6
"""Of the style sheet: cells of the page with its margin, and of margin and padding."""


class PageScreen(ModalScreen[None]):
    """Scrolls a page; escape, quit and, by its own bindings, the key that opened it close it."""

    CSS_PATH = "page.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [*closed_by(), *SCROLLING]

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
        self.query_one(Bar).parts = ("esc closes",)

    def fill(self, page: Content) -> None:
        """Show another page."""
        self._page = page
        if self.is_mounted and self in self.app.screen_stack:
            self.query_one(TextView).show(page)

    @property
    def line_width(self) -> int:
        """Cells a line of the page may have."""
        return min(self.app.size.width, _WIDEST) - _MARGIN

    @on(TextView.Scrolled)
    def _tell_hidden_lines(self, event: TextView.Scrolled) -> None:
        event.stop()
        self.query_one(Bar).right = hidden_lines(event.above, event.below)

    def action_scroll(self, to: str) -> None:
        """Move the page."""
        self.query_one(TextView).move(to)
