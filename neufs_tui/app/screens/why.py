"""Why an example was chosen, neuron by neuron, on one page."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen

from neufs_tui.app import explained
from neufs_tui.app.keys import ACTIONS, SCROLLING, Action
from neufs_tui.app.sentences import hidden_lines
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.records import Example, ExampleId
from neufs_tui.engine.protocol import Explained

_CLOSING = frozenset({Action.WHY, Action.QUIT})


class WhyScreen(ModalScreen[None]):
    """The explanation of one example, once the engine has it; any of its own keys closes it."""

    CSS_PATH = "why.tcss"
    AUTO_FOCUS = ""

    def __init__(self, example_id: ExampleId) -> None:
        """Bind the example that the page is about."""
        super().__init__()
        self.example_id = example_id
        self._page = Content("Asking the model …")

    def compose(self) -> ComposeResult:
        """The page, and how to leave it."""
        yield TextView(id="page")
        yield Bar(id="leave")

    def on_mount(self) -> None:
        """Say that the engine is asked."""
        self.query_one(TextView).show(self._page)
        self.query_one(Bar).parts = ("esc closes",)

    def hear(self, event: Explained, examples: Mapping[ExampleId, Example]) -> None:
        """Show what the engine has said; about another example it comes too late."""
        if event.example_id == self.example_id:
            self._page = explained.answer(event, examples)
            if self.is_mounted:
                self.query_one(TextView).show(self._page)

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
