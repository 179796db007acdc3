"""A note on an example: one line, stored with enter."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from neufs_tui.app.keys import closed_by
from neufs_tui.app.widgets.bar import KeyBar
from neufs_tui.app.widgets.field import Field
from neufs_tui.core.records import Example


class NoteScreen(ModalScreen[str | None]):
    """Returns what is to be noted, empty for no note, or None where nothing is to change."""

    CSS_PATH = "note.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar = closed_by()

    def __init__(self, example: Example, note: str) -> None:
        """Begin with the note that there is.

        Args:
            example: what it is on.
            note: empty for none.
        """
        super().__init__()
        self._example, self._note = example, note

    def compose(self) -> ComposeResult:
        """What it is on, the line, and the keys."""
        yield Static(f"note on #{self._example.number:,}", markup=False)
        yield Field(self._note, placeholder="empty takes it away")
        yield KeyBar()

    def on_mount(self) -> None:
        """Name the keys."""
        self.query_one(KeyBar).keys = (("enter", "keeps it"), ("esc", "leaves it as it was"))

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)
