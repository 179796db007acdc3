"""The page of what the model reads for the example shown."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from neufs_tui.app.keys import closed_by
from neufs_tui.app.pages.prompt import page
from neufs_tui.app.screens.page import PageScreen
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.exact_prompt import ExactPrompt
from neufs_tui.core.records import ExampleId
from neufs_tui.wording.explanation import Neighbours


class PromptScreen(PageScreen):
    """The exact prompt, once the engine has made it."""

    BINDINGS: ClassVar = closed_by("prompt")

    def __init__(self, example_id: ExampleId, pool: Neighbours, waiting: str) -> None:
        """Bind what the page is about.

        Args:
            example_id: the example in view.
            pool: the other examples.
            waiting: what is said until the engine has made it.
        """
        super().__init__(Content(waiting))
        self._example_id = example_id
        self._pool = pool
        self._prompt: ExactPrompt | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to come."""
        return self._prompt is None

    def hear(self, prompt: ExactPrompt) -> None:
        """Show what the engine has made; of another example it comes too late."""
        if prompt.example_id == self._example_id and prompt != self._prompt:
            self._prompt = prompt
            self.fill(self._page_of(prompt))

    def on_resize(self) -> None:
        """Fit the headings to another width, where they stand."""
        if self._prompt is not None:
            self.query_one(TextView).restyle(self._page_of(self._prompt))

    def wait(self, waiting: str) -> None:
        """Say what it waits for."""
        if self._prompt is None:
            self.fill(Content(waiting))

    def _page_of(self, prompt: ExactPrompt) -> Content:
        return page(prompt, self._pool.name, self.line_width)
