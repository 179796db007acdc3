"""A page of text over the labelling screen."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen

from neufs_tui.app.keys import ACTIONS, SCROLLING, Action
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.wording.sentences import hidden_lines

_WIDEST, _MARGIN = 94, 6
"""Of the style sheet: cells of the page with its margin, and of margin and padding."""


class PageScreen(ModalScreen[None]):
    """Scrolls a page; escape, quit and the key that opened it close it."""

    CSS_PATH = "page.tcss"
    AUTO_FOCUS = ""

    def __init__(self, page: Content, opened_by: Action) -> None:
        """Bind what is shown first.

        Args:
            page: what the annotator reads.
            opened_by: the action whose keys close the page again.
        """
        super().__init__()
        self._page = page
        self._closed_by = frozenset({opened_by, Action.QUIT})

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
        if self.is_mounted:
            self.query_one(TextView).show(page)

    @property
    def line_width(self) -> int:
        """Cells a line of the page may have."""
        return min(self.app.size.width, _WIDEST) - _MARGIN

    @on(TextView.Scrolled)
    def _tell_hidden_lines(self, event: TextView.Scrolled) -> None:
        event.stop()
        self.query_one(Bar).right = hidden_lines(event.above, event.below)

    def on_key(self, event: Key) -> None:
        """Scroll or close."""
        action = ACTIONS.get(event.key)
        if event.key == "escape" or action in self._closed_by:
            event.stop()
            self.dismiss(None)
        elif action in SCROLLING:
            event.stop()
            self.query_one(TextView).move(action)
