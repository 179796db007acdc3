"""What the help key opens: keys and words on one page, and what a page's numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding
from textual.content import Content
from textual.events import Mount

from neufs_tui.app.keys import closed_by
from neufs_tui.app.pages import explanation, instead
from neufs_tui.app.screens.page import PageScreen


class HelpScreen(PageScreen):
    """What the annotator may want to read again."""

    BINDINGS: ClassVar = closed_by("help")

    def __init__(self, commands: Sequence[Binding]) -> None:
        """Show what the keys do."""
        super().__init__(Content(""))
        self._commands = commands

    @on(Mount)
    def _show_keys(self) -> None:
        self.fill(instead.keys_and_words(self._commands, self.line_width))


class MeaningsScreen(PageScreen):
    """What each number of an explanation means."""

    BINDINGS: ClassVar = closed_by("help")

    def __init__(self) -> None:
        """Show all of them."""
        super().__init__(explanation.meanings())
