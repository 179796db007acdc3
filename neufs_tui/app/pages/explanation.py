"""The pages about one example: why it was chosen, and what other rules would have shown."""

from __future__ import annotations

from textual.content import Content

from neufs_tui.core.explanation import Explanation, GapNeuron, Word
from neufs_tui.core.text import one_line, plural, visible
from neufs_tui.wording.explanation import (
    MEANINGS,
    Neighbours,
    bar_rows,
    layer_strip,
    neuron_name,
    pushed,
    sentence,
    tokens,
)
from neufs_tui.wording.lines import ellipsis

Parts = list[Content | str | tuple[str, str]]

_HEADING = "bold $text"
_QUIET = "$foreground-muted"
_STRIP = "$accent"
_UNDERLINED = "bold underline"
_PART = 30
_BAR = 16
_TEXT_LINES = 8
"""Lines of a text that a page quotes."""


def underlined(text: str, words: tuple[Word, ...]) -> Content:
    """A text with the words that switch its gap on underlined; made fit to be shown."""
    parts: Parts = []
    end = 0
    for word in words:
        parts.append(Content(visible(text[end : word.start])))
        parts.append(Content.styled(visible(text[word.start : word.end]), _UNDERLINED))
        end = word.end
    parts.append(Content(visible(text[end:])))
    return Content.assemble(*parts)


def page(
    explanation: Explanation, pool: Neighbours, width: int, *, why: str, origin: str, looked: bool
) -> Content:
    """Everything about one example; the model's answer, which would lead her, if she knows it.

    Args:
        explanation: the numbers.
        pool: the other examples.
        width: cells a line may have.
        why: the sentence on why the example is shown.
        origin: by what model and settings they came about.
        looked: whether she has seen what the model answers.
    """
    gap = explanation.gap
    parts: Parts = [
        ("Why this example\n", _HEADING),
        f"{why}\n",
        "\n",
        ("What is new in it\n", _HEADING),
        f"{sentence(explanation)}\n",
        "\n",
        ("The gap by layer\n", _HEADING),
        "0 |",
        (layer_strip(gap.by_layer), _STRIP),
        f"| {len(gap.by_layer) - 1}",
        (f"   at most {max(gap.by_layer):,} neurons in a layer\n", _QUIET),
        "\n",
        ("Strongest neurons of the gap\n", _HEADING),
    ]
    for one in explanation.neurons:
        parts += _neuron(one, gap.n_scanned, pool, width)
    if not explanation.neurons:
        parts.append(("none: every neuron of it is covered\n", _QUIET))
    parts += _bars(explanation, looked=looked)
    if explanation.overlap is not None:
        parts += _side_by_side(explanation, pool, width)
    n_scanned = f"{plural(gap.n_scanned, 'example')} were scanned."
    parts += [
        "\n",
        (f"{origin} {n_scanned}\n", _QUIET),
        ("? says what each number means\n", _QUIET),
    ]
    return Content.assemble(*parts)


def meanings() -> Content:
    """Every number of the panel, in a sentence."""
    parts: Parts = [("What the numbers mean\n\n", _HEADING)]
    for term, meaning in MEANINGS:
        parts += [(term, "bold $accent"), f" — {meaning}\n\n"]
    parts.append(
        "They say what this example adds to those you labelled, not which label it should have. "
        "They are read without your labels in the prompt, so that all examples compare alike. A "
        "large gap does not choose: the group that your labels cover least comes first, and in it "
        "what is typical and hard.\n"
    )
    return Content.assemble(*parts)


def others(explanation: Explanation, pool: Neighbours, width: int) -> Content:
    """What other rules would have shown in the place of this example."""
    chosen = explanation.example_id
    shown = [("this screen", chosen, "")]
    for one in explanation.alternatives:
        note = "the next of a fixed shuffle" if one.rule == "random" else "hardest first"
        shown.append((one.rule, one.example_id, f"{note}; entropy {one.entropy:.2f} nats"))
    parts: Parts = [("What other rules would show\n", _HEADING)]
    for rule, example_id, note in shown:
        same = " — the same example" if rule != "this screen" and example_id == chosen else ""
        heading = f"\n{rule}: {pool.name(example_id)}{same}"
        parts += [(heading, "bold $accent"), (f"   {note}\n", _QUIET)]
        if not same:
            parts.append(_quoted(pool.examples[example_id].text, width))
    if len(shown) == 1:
        parts.append("\nNothing else is left to show.\n")
    return Content.assemble(*parts)


def _neuron(neuron: GapNeuron, n_scanned: int, pool: Neighbours, width: int) -> Parts:
    """Three lines: how much, up, down."""
    where = f"in {neuron.n_examples:,} of {plural(n_scanned, 'set')}"
    if neuron.nearest is not None:
        there = pushed(neuron.nearest_contribution)
        where += f" · strongest in {pool.name(neuron.nearest)} {there}"
    room = width - 10
    return [
        (f"{neuron_name(neuron):<12}", "bold"),
        f"{pushed(neuron.contribution):>8}   ",
        (f"{where}\n", _QUIET),
        ("    up    ", _QUIET),
        Content(f"{ellipsis(tokens(neuron.towards), room)}\n"),
        ("    down  ", _QUIET),
        Content(f"{ellipsis(tokens(neuron.away), room)}\n"),
    ]


def _bars(explanation: Explanation, *, looked: bool) -> Parts:
    """The whole push towards the answer, taken apart."""
    rows = bar_rows(explanation)
    longest = max(abs(contribution) for *_, contribution in rows) or 1.0
    answer = one_line(explanation.answer) if looked else "its answer"
    parts: Parts = ["\n", (f"What pushes the model towards {answer}, and away\n", _HEADING)]
    for name, n_neurons, contribution in rows:
        sign = "█" if contribution > 0 else "░"
        bar = sign * max(1, round(_BAR * abs(contribution) / longest)) if contribution else ""
        parts.append(f"{name:<{_PART}}{n_neurons:>8,}{pushed(contribution):>11} ")
        parts.append((f"{bar}\n", "$success" if contribution > 0 else "$warning"))
    parts.append((f"{'together':<{_PART}}{'':8}{pushed(explanation.total):>11}\n", "bold"))
    return parts


def _side_by_side(explanation: Explanation, pool: Neighbours, width: int) -> Parts:
    """The example beside the labelled one whose neurons are most alike."""
    near = explanation.overlap
    assert near is not None
    answer = pool.answers.get(near.example_id)
    right = (
        f"{pool.name(near.example_id)} {f'you: {one_line(answer.text)}' if answer else ''}".strip()
    )
    room = (width - 3) // 2
    left_lines = _wrapped(pool.examples[explanation.example_id].text, room)
    right_lines = _wrapped(pool.examples[near.example_id].text, room)
    height = max(len(left_lines), len(right_lines))
    blank = Content("")
    parts: Parts = [
        "\n",
        (f"Beside the nearest labelled example, distance {near.distance:.2f}\n", _HEADING),
        f"{near.shared:,} neurons shared, {near.only_here:,} only here, "
        f"{near.only_there:,} only there\n",
        _row(Content.styled("this one", "bold"), Content.styled(right, "bold"), room),
    ]
    for place in range(height):
        left = left_lines[place] if place < len(left_lines) else blank
        parts.append(_row(left, right_lines[place] if place < len(right_lines) else blank, room))
    return parts


def _row(left: Content, right: Content, room: int) -> Content:
    """Two columns on one line."""
    left, right = left.truncate(room, ellipsis=True), right.truncate(room, ellipsis=True)
    return Content.assemble(left.pad_right(room - left.cell_length), " │ ", right, "\n")


def _quoted(text: str, width: int) -> Content:
    return Content("\n").join([*_wrapped(text, width), Content("")])


def _wrapped(text: str, width: int) -> list[Content]:
    """The first lines of a text."""
    lines = [line.rstrip() for line in Content(visible(text)).wrap(width)]
    if len(lines) > _TEXT_LINES:
        lines = [*lines[: _TEXT_LINES - 1], Content("…")]
    return lines
