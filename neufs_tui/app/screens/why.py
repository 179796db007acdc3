"""Why an example was chosen, neuron by neuron, on one page."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from neufs_tui.app import explained
from neufs_tui.app.keys import Action
from neufs_tui.app.screens.page import PageScreen
from neufs_tui.core.records import Example, ExampleId
from neufs_tui.engine.protocol import Explained


class WhyScreen(PageScreen):
    """The explanation of one example, once the engine has it."""

    def __init__(self, example_id: ExampleId) -> None:
        """Bind the example that the page is about."""
        super().__init__(Content("Asking the model …"), Action.WHY)
        self._example_id = example_id

    def hear(self, event: Explained, examples: Mapping[ExampleId, Example]) -> None:
        """Show what the engine has said; about another example it comes too late."""
        if event.example_id == self._example_id:
            self.fill(explained.answer(event, examples))
