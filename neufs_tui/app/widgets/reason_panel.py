"""Why an example is shown: the sentence, then its gap once it is known."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from neufs_tui.app.explained import Pool, layer_strip, neuron_name, pushed, tokens
from neufs_tui.app.sentences import plural
from neufs_tui.app.text import ellipsis, one_line, visible
from neufs_tui.core.explanation import Explanation, Gap, GapNeuron

_LOUD = "$foreground"
_UP, _DOWN = "$success", "$warning"
_STRIP = "$accent"
_NAME, _PUSH = 10, 8
"""Cells of a neuron's name and of its contribution."""
_LEAST, _MOST = 8, 40
"""Cells below which tokens say nothing, and beyond which nobody reads them."""


class ReasonPanel(Vertical):
    """The gap's lines are kept free until the engine has them, so that nothing moves."""

    DEFAULT_CSS = "ReasonPanel { height: auto; }"

    def compose(self) -> ComposeResult:
        """The sentence above, the gap below."""
        yield Static(id="why", markup=False)
        yield GapLines(id="gap")

    def show(self, sentence: str, n_labelled: int) -> None:
        """Say why in words; nothing is said of an empty reason.

        Args:
            sentence: the reason.
            n_labelled: the labelled examples it speaks of.
        """
        self.query_one("#why", Static).update(visible(sentence))
        gap = self.query_one(GapLines)
        gap.content, gap.n_labelled = None, n_labelled
        gap.set_class(not sentence, "-silent")

    def explain(self, explanation: Explanation, pool: Pool) -> None:
        """Add the gap."""
        self.query_one(GapLines).content = (explanation, pool)

    def allot(self, n_lines: int) -> None:
        """Give the gap so many lines, none if it has to do without."""
        self.query_one(GapLines).styles.height = n_lines


class GapLines(Widget):
    """The gap by layer, and under it its strongest neurons, one a line, as many as fit."""

    DEFAULT_CSS = "GapLines { &.-silent { display: none; } }"

    content: reactive[tuple[Explanation, Pool] | None] = reactive(None)
    n_labelled = 0
    """Labelled examples that the sentence above speaks of."""

    def render(self) -> RenderResult:
        """Empty until there is something to say."""
        if self.content is None:
            return ""
        explanation, pool = self.content
        width, height = self.content_size
        lines = gap_lines(explanation, pool, width, height, n_labelled=self.n_labelled)
        return Content("\n").join(lines)


def gap_lines(
    explanation: Explanation, pool: Pool, width: int, height: int, *, n_labelled: int
) -> list[Content]:
    """The gap as far as it fits.

    Args:
        explanation: the numbers.
        pool: names the examples in it.
        width: cells a line may have, at least 56, the narrowest screen less its margins.
        height: lines there may be.
        n_labelled: labelled examples that the sentence above speaks of; it was made for the
            example's choice, and more may have come to be known since.
    """
    n_known = len(explanation.labelled)
    note = "" if n_known == n_labelled else f", for {plural(n_known, 'label')}"
    lines = [_strip(explanation.gap, note, width)]
    lines += [_line(one, pool, width) for one in explanation.neurons]
    if not explanation.neurons:
        lines.append(Content("none of its neurons is new"))
    return lines[:height]


def _strip(gap: Gap, note: str, width: int) -> Content:
    """How large the gap is, and where in the model."""
    before, after = f"{gap.size:,} new by layer 0 |", f"| {len(gap.by_layer) - 1}"
    fullest = max(gap.by_layer)
    most = f"  most {fullest:,} in layer {gap.by_layer.index(fullest)}" if fullest else ""
    room = width - len(before) - len(after) - len(note)
    after += (most if room - len(most) >= _LEAST else "") + note
    strip = layer_strip(gap.by_layer, width - len(before) - len(after))
    return Content.assemble(before, (strip, _STRIP), after)


def _line(neuron: GapNeuron, pool: Pool, width: int) -> Content:
    """A neuron: how much it pushes, which tokens up and down, the nearest labelled example."""
    room = width - _NAME - _PUSH - len("  up " + "  down ")
    nearest = _nearest(neuron, pool, room)
    each = min(_MOST, (room - cell_len(nearest)) // 2)
    up, down = (ellipsis(one_line(tokens(texts)), each) for texts in (neuron.towards, neuron.away))
    return Content.assemble(
        (f"{neuron_name(neuron):<{_NAME}}", _LOUD),
        f"{pushed(neuron.contribution):>{_PUSH}}",
        ("  up ", _UP),
        Content(up).pad_right(each - cell_len(up)),
        ("  down ", _DOWN),
        Content(down).pad_right(each - cell_len(down)),
        nearest,
    )


def _nearest(neuron: GapNeuron, pool: Pool, room: int) -> str:
    """The labelled example that comes nearest to it, as much of it as leaves room for tokens."""
    if neuron.nearest is None:
        return ""
    short = f"  strongest in {pool.name(neuron.nearest)}"
    long = f"{short} {pushed(neuron.nearest_contribution)}"
    for text, least in ((long, 4 * _LEAST), (short, 2 * _LEAST)):
        if room - cell_len(text) >= least:
            return text
    return ""
