"""Why an example is shown: a sentence, and under it how much of it is new to the labels."""

from __future__ import annotations

from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.core.explanation import Explanation
from neufs_tui.core.text import one_line, visible
from neufs_tui.wording.gap import gap_in_brief, layer_strip
from neufs_tui.wording.lines import ellipsis

_STRIP = "$accent"
_FEWEST_CELLS = 8
"""Cells below which the layers side by side say nothing."""


class ReasonPanel(Vertical):
    """The gap's line is kept free until the engine has it, so that nothing moves."""

    DEFAULT_CSS = "ReasonPanel { height: auto; }"

    def compose(self) -> ComposeResult:
        """The sentence above, the gap below."""
        yield WhyLine(id="why")
        yield GapLine(id="gap")

    def show(self, sentence: str) -> None:
        """Say why in words; nothing is said of an empty reason."""
        why = self.query_one(WhyLine)
        why.sentence, why.keywords = sentence, ()
        self.query_one(GapLine).explanation = None

    def explain(self, explanation: Explanation) -> None:
        """Add the gap, and what the texts are about that share it."""
        self.query_one(WhyLine).keywords = explanation.keywords
        self.query_one(GapLine).explanation = explanation


class WhyLine(Widget):
    """A sentence, and behind it as many words as fit of those that the gap is about."""

    sentence: reactive[str] = reactive("")
    keywords: reactive[tuple[str, ...]] = reactive(())

    def render(self) -> RenderResult:
        """All of it is data, never markup."""
        width, height = self.content_size
        said = Content(visible(self.sentence))
        for n in range(1, len(self.keywords) + 1):
            behind = " · ".join(map(one_line, self.keywords[:n]))
            more = Content.assemble(
                visible(self.sentence), " ", (f"({behind})", "$foreground-muted")
            )
            if len(more.wrap(width)) > height:
                break
            said = more
        return said


class GapLine(Widget):
    """The gap's size, and where in the model it is, layer by layer."""

    DEFAULT_CSS = "GapLine { height: 1; }"

    explanation: reactive[Explanation | None] = reactive(None)

    def render(self) -> RenderResult:
        """Empty until there is something to say."""
        if self.explanation is None:
            return ""
        return gap_line(self.explanation, self.content_size.width)


def gap_line(explanation: Explanation, width: int) -> Content:
    """The gap in the words that the explanation has for it, and its layers where they fit."""
    brief = Content(ellipsis(gap_in_brief(explanation), width))
    n_layers = len(explanation.gap.by_layer)
    room = width - brief.cell_length - 2
    if not explanation.gap.size or room < min(n_layers, _FEWEST_CELLS):
        return brief
    return Content.assemble(brief, "  ", (layer_strip(explanation.gap.by_layer, room), _STRIP))
