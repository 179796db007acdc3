"""Keys, task and labels on one page."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.screen import ModalScreen

from neufs_tui.app import panels
from neufs_tui.app.keys import ACTIONS, SCROLLING, Action
from neufs_tui.app.sentences import hidden_lines
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.records import Task

_CLOSING = frozenset({Action.HELP, Action.QUIT})


class HelpScreen(ModalScreen[None]):
    """What the annotator may want to read again; any of its own keys closes it."""

    CSS_PATH = "help.tcss"
    AUTO_FOCUS = ""

    def __init__(self, task: Task | None) -> None:
        """Show a task's labels, or only the keys before the task is known."""
        super().__init__()
        self._guide = panels.guide(task)

    def compose(self) -> ComposeResult:
        """The page, and how to leave it."""
        yield TextView(id="page")
        yield Bar(id="leave")

    def on_mount(self) -> None:
        """Fill the page."""
        self.query_one(TextView).show(self._guide)
        self.query_one(Bar).parts = ("esc closes",)

    @on(TextView.Scrolled)
    def _tell_hidden_lines(self, event: TextView.Scrolled) -> None:
        event.stop()
        self.query_one(Bar).right = hidden_lines(event.above, event.below)

    def on_key(self, event: Key) -> None:
        """Scroll or close."""
        action = ACTIONS.get(event.key)
        if event.key == "escape" or action in _CLOSING:
            event.stop()
            self.dismiss(None)
        elif action in SCROLLING:
            event.stop()
            self.query_one(TextView).move(action)
