"""The page of what the annotator goes by."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Markdown, Static

from neufs_tui.app.keys import closed_by
from neufs_tui.app.pages.guide import labels_and_task
from neufs_tui.app.screens.page import ScrollingScreen
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import Scroller
from neufs_tui.core.text import visible
from neufs_tui.labelling.loop import LabellingLoop

_WIDEST, _PADDING = 92, 6


class GuideScreen(ScrollingScreen):
    """Guidelines of the configuration, labels with examples, and what the model is asked."""

    CSS_PATH = "guide.tcss"
    BINDINGS: ClassVar = closed_by("guide")

    def __init__(self, loop: LabellingLoop) -> None:
        """Bind what is labelled."""
        super().__init__()
        self._workspace, self._labelled = loop.workspace, loop.told_labelled

    def compose(self) -> ComposeResult:
        """The guidelines above what follows from task and labels."""
        width = min(self.app.size.width, _WIDEST) - _PADDING
        with Scroller(id="page"):
            if self._workspace.guidelines:
                yield Markdown(visible(self._workspace.guidelines), open_links=False)
            yield Static(labels_and_task(self._workspace.task, self._labelled, width))
        yield Bar(id="leave")
