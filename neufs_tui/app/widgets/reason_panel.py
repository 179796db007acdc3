"""Why an example is shown: the sentence, then its gap once it is known."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from neufs_tui.core.explanation import Explanation, Gap
from neufs_tui.core.text import visible
from neufs_tui.wording.explanation import (
    Neighbours,
    NeuronRow,
    beside_others,
    layer_strip,
    neuron_rows,
    new_neurons,
)
from neufs_tui.wording.lines import ellipsis

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

    def show(self, sentence: str) -> None:
        """Say why in words; nothing is said of an empty reason."""
        self.query_one("#why", Static).update(visible(sentence))
        gap = self.query_one(GapLines)
        gap.content = None
        gap.set_class(not sentence, "-silent")

    def explain(self, explanation: Explanation, pool: Neighbours) -> None:
        """Add the gap."""
        self.query_one(GapLines).content = (explanation, pool)

    def allot(self, n_lines: int) -> None:
        """Give the gap so many lines, none if it has to do without."""
        self.query_one(GapLines).styles.height = n_lines


class GapLines(Widget):
    """The gap's size, its layers, and its strongest neurons, one a line, as many as fit."""

    DEFAULT_CSS = "GapLines { &.-silent { display: none; } }"

    content: reactive[tuple[Explanation, Neighbours] | None] = reactive(None)

    def render(self) -> RenderResult:
        """Empty until there is something to say."""
        if self.content is None:
            return ""
        explanation, pool = self.content
        width, height = self.content_size
        return Content("\n").join(gap_lines(explanation, pool, width, height))


def gap_lines(explanation: Explanation, pool: Neighbours, width: int, height: int) -> list[Content]:
    """The gap as far as it fits; its size is the explanation's, as everywhere.

    Args:
        explanation: the numbers.
        pool: names the examples in it.
        width: cells a line may have, at least 56, the narrowest screen less its margins.
        height: lines there may be.
    """
    size, beside = new_neurons(explanation), beside_others(explanation)
    lines = [Content(ellipsis(size, width))]
    if explanation.gap.size:
        lines.append(_strip(explanation.gap, f"{beside} · " if beside else "", width))
    elif beside:
        lines.append(Content(beside))
    lines += [_line(row, width) for row in neuron_rows(explanation, pool.name)]
    return lines[:height]


def _strip(gap: Gap, beside: str, width: int) -> Content:
    """Where in the model the gap is, behind where it stands among others."""
    before, after = f"{beside}by layer 0 |", f"| {len(gap.by_layer) - 1}"
    fullest = max(gap.by_layer)
    most = f"  most {fullest:,} in layer {gap.by_layer.index(fullest)}"
    room = width - len(before) - len(after) - len(most)
    after += most if room >= _LEAST else ""
    strip = layer_strip(gap.by_layer, width - len(before) - len(after))
    return Content.assemble(before, (strip, _STRIP), after)


def _line(row: NeuronRow, width: int) -> Content:
    """A neuron: how much it pushes, which tokens up and down, the nearest labelled example."""
    room = width - _NAME - _PUSH - len("  up " + "  down ")
    nearest = _nearest(row, room)
    each = min(_MOST, (room - cell_len(nearest)) // 2)
    up, down = (ellipsis(tokens, each) for tokens in (row.up, row.down))
    return Content.assemble(
        (f"{row.name:<{_NAME}}", _LOUD),
        f"{row.pushes:>{_PUSH}}",
        ("  up ", _UP),
        Content(up).pad_right(each - cell_len(up)),
        ("  down ", _DOWN),
        Content(down).pad_right(each - cell_len(down)),
        nearest,
    )


def _nearest(row: NeuronRow, room: int) -> str:
    """The labelled example that comes nearest to it, as much of it as leaves room for tokens."""
    if not row.nearest:
        return ""
    short = f"  {row.strongest_in}"
    for text, least in ((f"{short} {row.there}", 4 * _LEAST), (short, 2 * _LEAST)):
        if room - cell_len(text) >= least:
            return text
    return ""
