"""The page of what comes next."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.content import Content
from textual.events import Mount

from neufs_tui.app.keys import closed_by
from neufs_tui.app.pages.ahead import coming
from neufs_tui.app.screens.page import PageScreen
from neufs_tui.labelling.loop import LabellingLoop


class AheadScreen(PageScreen):
    """The next five examples, as they would come now."""

    BINDINGS: ClassVar = closed_by("ahead")

    def __init__(self, loop: LabellingLoop) -> None:
        """Bind where the annotator is."""
        super().__init__(Content(""))
        self._loop = loop

    @on(Mount)
    def _show_what_comes(self) -> None:
        self.fill(coming(self._loop, self.line_width))
