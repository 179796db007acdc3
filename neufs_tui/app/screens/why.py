"""Pages about one example: why it was chosen, and what other rules would have shown."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.content import Content
from textual.events import Mount

from neufs_tui.app.keys import borrowed, bound, closed_by, first_key
from neufs_tui.app.pages import explanation as pages
from neufs_tui.app.screens.help import MeaningsScreen
from neufs_tui.app.screens.page import PageScreen
from neufs_tui.core.explanation import Explanation
from neufs_tui.core.records import ExampleId
from neufs_tui.engine.protocol import Explained
from neufs_tui.wording.explanation import Neighbours


class ExplainedScreen(PageScreen):
    """A page that is filled once the engine has explained the example."""

    def __init__(
        self,
        example_id: ExampleId,
        pool: Neighbours,
        explanation: Explanation | None,
        *,
        why: str,
        origin: str,
        looked: bool,
        waiting: str,
    ) -> None:
        """Bind what the page is about.

        Args:
            example_id: the example in view.
            pool: the other examples.
            explanation: the engine's, if it is there already.
            why: the sentence on why it is shown.
            origin: by what model and settings it came about.
            looked: whether the annotator has seen what the model answers.
            waiting: what is said until the engine has explained it.
        """
        super().__init__(Content(waiting))
        self._example_id = example_id
        self._pool = pool
        self._explanation = explanation
        self._why, self._origin, self._looked = why, origin, looked

    @on(Mount)
    def _show_what_is_known(self) -> None:
        if self._explanation is not None:
            self.fill(self.page(self._explanation))

    def hear(self, event: Explained) -> None:
        """Show what the engine has said; about another example it comes too late."""
        if event.example_id == self._example_id and event.explanation is not None:
            self._explanation = event.explanation
            self.fill(self.page(event.explanation))

    def wait(self, waiting: str) -> None:
        """Say what the engine does, unless it has explained the example."""
        if self._explanation is None:
            self.fill(Content(waiting))

    def page(self, explanation: Explanation) -> Content:
        """What the page says."""
        raise NotImplementedError


class WhyScreen(ExplainedScreen):
    """Why an example was chosen, neuron by neuron; the help key explains the numbers."""

    BINDINGS: ClassVar = [*closed_by("why"), borrowed("help", "define")]

    def page(self, explanation: Explanation) -> Content:
        """The explanation taken apart."""
        return pages.page(
            explanation,
            self._pool,
            self.line_width,
            why=self._why,
            origin=self._origin,
            looked=self._looked,
            help_key=next(first_key(one) for one in bound(self) if one.id == "help"),
        )

    def action_define(self) -> None:
        """Say what the numbers mean."""
        self.app.push_screen(MeaningsScreen())


class OthersScreen(ExplainedScreen):
    """What random and entropy would have shown."""

    BINDINGS: ClassVar = closed_by("others")

    def page(self, explanation: Explanation) -> Content:
        """The examples they would have shown."""
        return pages.others(explanation, self._pool, self.line_width)
