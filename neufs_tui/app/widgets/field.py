"""A line to type in, over the labelling screen."""

from __future__ import annotations

from textual.widgets import Input


class Field(Input):
    """Takes what is typed before any binding does."""

    def __init__(self, value: str = "", *, placeholder: str = "") -> None:
        """Begin behind what is written already; the cursor is still."""
        super().__init__(value, placeholder=placeholder, select_on_focus=False)
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Leave every binding in place: Textual asks before it applies the keymap."""
        return False
