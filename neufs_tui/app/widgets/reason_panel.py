"""Why an example is shown, in six lines at most: the sentence, then its gap once it is known."""

from __future__ import annotations

from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from neufs_tui.app import explained
from neufs_tui.app.text import visible
from neufs_tui.core.explanation import Explanation


class ReasonPanel(Vertical):
    """The gap's lines are kept free until the engine has them, so that nothing moves."""

    DEFAULT_CSS = "ReasonPanel { height: auto; }"

    def compose(self) -> ComposeResult:
        """The sentence above, the gap below."""
        yield Static(id="why", markup=False)
        yield GapLines(id="gap")

    def show(self, sentence: str) -> None:
        """Say why in words; nothing is said of an empty reason."""
        self.query_one("#why", Static).update(visible(sentence))
        gap = self.query_one(GapLines)
        gap.explanation = None
        gap.set_class(not sentence, "-silent")

    def explain(self, explanation: Explanation) -> None:
        """Add the gap."""
        self.query_one(GapLines).explanation = explanation


class GapLines(Widget):
    """The gap by layer, and under it its strongest neurons."""

    DEFAULT_CSS = "GapLines { height: 2; &.-silent { display: none; } }"

    explanation: reactive[Explanation | None] = reactive(None)

    def render(self) -> RenderResult:
        """Two lines, empty until there is something to say."""
        if self.explanation is None:
            return ""
        return "\n".join(explained.compact(self.explanation, self.content_size.width))
