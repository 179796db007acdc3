"""The pages about one example: why it was chosen, and what other rules would have shown."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.core.text import one_line, visible
from neufs_tui.wording import explanation as wording
from neufs_tui.wording.explanation import Neighbours, NeuronRow
from neufs_tui.wording.gap import layer_row, sentence, told_by
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
    explanation: Explanation,
    pool: Neighbours,
    width: int,
    *,
    why: str,
    origin: str,
    looked: bool,
    help_key: str = "?",
) -> Content:
    """Everything about one example; the model's answer, which would lead, if it is known.

    Args:
        explanation: the numbers.
        pool: the other examples.
        width: cells a line may have.
        why: the sentence on why the example is shown.
        origin: by what model and settings they came about.
        looked: whether the annotator has seen what the model answers.
        help_key: the key that explains the numbers.
    """
    gap = explanation.gap
    first, strip, last, most = layer_row(gap)
    parts: Parts = [
        (f"{wording.WHY}\n", _HEADING),
        f"{why}\n",
        "\n",
        (f"{wording.NEW}\n", _HEADING),
        f"{sentence(explanation)}\n",
        "\n",
        (f"{wording.BY_LAYER}\n", _HEADING),
        first,
        (strip, _STRIP),
        last,
        (f"   {most}\n", _QUIET),
        "\n",
        (f"{wording.SHARED_BY}\n", _HEADING),
        f"{told_by(explanation)}\n",
    ]
    for one in explanation.alike:
        also = f"{pool.name(one)} {one_line(pool.examples[one].text)}"
        parts.append((f"{ellipsis(also, width)}\n", _QUIET))
    parts += ["\n", (f"{wording.STRONGEST}\n", _HEADING)]
    rows = wording.neuron_rows(explanation, pool.name)
    for neuron, row in zip(explanation.neurons, rows, strict=True):
        texts = wording.strongest_texts(neuron, pool.examples, pool.name)
        expert = wording.expert_of(neuron)
        parts += _neuron(row, expert, wording.in_sets(row, gap), texts, width)
    if not explanation.neurons:
        parts.append((f"{wording.NO_NEURONS}\n", _QUIET))
    parts += _bars(explanation, looked=looked)
    if explanation.overlap is not None:
        parts += _side_by_side(explanation, pool, width)
    parts += [
        "\n",
        (f"{origin} {wording.scanned(gap)}\n", _QUIET),
        (f"{help_key} says what each number means\n", _QUIET),
    ]
    return Content.assemble(*parts)


def meanings() -> Content:
    """Every number of the panel, in a sentence."""
    parts: Parts = [("What the numbers mean\n\n", _HEADING)]
    for term, meaning in wording.MEANINGS:
        parts += [(term, "bold $accent"), f" — {meaning}\n\n"]
    return Content.assemble(*parts, f"{wording.MEANT}\n")


def others(explanation: Explanation, pool: Neighbours, width: int) -> Content:
    """What other rules would have shown in the place of this example."""
    chosen = explanation.example_id
    this = wording.OtherRow(chosen, f"this screen: {pool.name(chosen)}", "", is_same=False)
    rows = wording.other_rows(explanation, pool.name)
    parts: Parts = [(f"{wording.OTHERS}\n", _HEADING)]
    for row in (this, *rows):
        parts += [(f"\n{row.heading}", "bold $accent"), (f"   {row.note}\n", _QUIET)]
        if not row.is_same:
            parts.append(_quoted(pool.examples[row.example_id].text, width))
    if not rows:
        parts.append(f"\n{wording.NO_OTHERS}\n")
    return Content.assemble(*parts)


def _neuron(row: NeuronRow, expert: str, where: str, texts: Sequence[str], width: int) -> Parts:
    """How much, the texts in which it pushes most, and what it pushes up and down."""
    room = width - 12
    parts: Parts = [
        (f"{row.name:<11} ", "bold"),
        f"{row.pushes:>8}   ",
        (f"{where}\n", _QUIET),
        *([(f"    in      {expert}\n", _QUIET)] if expert else []),
    ]
    for place, text in enumerate(texts):
        parts += [("    most in " if not place else " " * 12, _QUIET), f"{ellipsis(text, room)}\n"]
    for direction, tokens in (("up", row.up), ("down", row.down)):
        parts.append((f"    {direction:<8}{ellipsis(tokens, room)}\n", _QUIET))
    return parts


def _bars(explanation: Explanation, *, looked: bool) -> Parts:
    """The whole push towards the answer, taken apart."""
    *rows, together = wording.push_rows(explanation)
    longest = max(abs(row.contribution) for row in rows) or 1.0
    heading = wording.push_heading(one_line(explanation.answer) if looked else "its answer")
    parts: Parts = ["\n", (f"{heading}\n", _HEADING)]
    for row in rows:
        share = row.contribution / longest
        bar = ("█" if share > 0 else "░") * max(1, round(_BAR * abs(share))) if share else ""
        parts.append(f"{row.name:<{_PART}}{row.n_neurons:>8}{row.pushes:>11} ")
        parts.append((f"{bar}\n", "$success" if share > 0 else "$warning"))
    parts.append((f"{together.name:<{_PART}}{together.pushes:>19}\n", "bold"))
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
        (f"{wording.beside_heading(near)}\n", _HEADING),
        f"{wording.shared(near)}\n",
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
