"""An explanation in words and short numbers, row by row, for pages, panel and command.

The numbers are `core/explanation.py`'s; how wide a row may be is for whoever draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from neufs_tui.core.explanation import MOST_COMPARED, Explanation, Gap, GapNeuron, Overlap
from neufs_tui.core.records import Answer, Example, ExampleId
from neufs_tui.core.text import one_line, plural
from neufs_tui.wording.sentences import share

_N_TOKENS, _SHORTEST_WORD = 5, 2
"""Tokens shown of a neuron, and letters of the shortest that is a word."""

Name = Callable[[ExampleId], str]
"""What an example is called where the explanation is read."""

WHY, NEW, BY_LAYER = "Why this example", "What is new in it", "The gap by layer"
SHARED_BY = "Texts that share most of the gap"
STRONGEST, OTHERS = "Strongest neurons of the gap", "What other rules would show"
NO_NEURONS = "none: every neuron of it is covered"
NO_OTHERS = "Nothing else is left to show."
NEURON_COLUMNS = ("neuron", "pushes", "in sets", "up", "down", "strongest in", "there")
PUSH_COLUMNS = ("part", "neurons", "pushes")

MEANINGS = (
    (
        "neuron",
        "a place in a feed-forward layer of the model: L17.302 is number 302 of layer 17. In a "
        "mixture of experts L9.e17.302 is number 302 of expert 17 of layer 9, which the model "
        "picks for some tokens only; L9.shared.302 is of what every token passes beside them.",
    ),
    (
        "its neurons",
        "the ones that push most towards the answer the model gives to this example by itself.",
    ),
    (
        "gap",
        "those of them that no example you labelled has among its own strongest ones; it may "
        "still push there, only less than others do.",
    ),
    ("median, rank", "of the gaps of all scanned examples without a decision."),
    (
        "much oftener",
        "words that texts which share most of the gap, rare neurons counting more, have so much "
        "oftener than the pool that chance would hardly do it.",
    ),
    ("gap by layer", "how the gap spreads from the first layer to the last; a high block is many."),
    (
        "pushes",
        "what a neuron adds to the model's own answer, in logits before the last norm, summed "
        "over the answer's tokens; below zero it pushes away, as from a second token.",
    ),
    (
        "most in",
        "the other texts of the pool in which that neuron pushes most towards the answer that the "
        "model gives there: what they have in common is the best there is to tell what it is for.",
    ),
    (
        "up, down",
        "the tokens it makes likelier and less likely whenever it is on, of ten each, those that "
        "read as words: a readout of its direction, not its meaning. Fragments are counted.",
    ),
    (
        "in N of M sets",
        "how many scanned examples have that neuron among theirs: where it is one, only this text "
        "has it; where it is many, a label here covers it for all of them.",
    ),
    (
        "strongest in",
        "the labelled example in which that neuron pushes most, though it is not in that "
        f"example's set, and how much; of more than {MOST_COMPARED}, so many are looked at.",
    ),
    (
        "together",
        "all that the feed-forward layers push towards the answer; the bars above add up to it.",
    ),
    ("distance", "the share of two examples' neurons that they do not have in common."),
    (
        "underlined",
        "words whose absence costs the gap's neurons a quarter or more of what the costliest "
        "word's absence does; the model read the text without each of them to find out.",
    ),
)
"""Every term of an explanation, in a sentence."""

MEANT = (
    "They say what this example adds to those you labelled, not which label it should have. "
    "They are read without your labels in the prompt, so that all examples compare alike. A "
    "large gap does not choose: the group that your labels cover least comes first, and in it "
    "what is typical and hard."
)
"""What all of them together say, and what they do not."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The other examples that an explanation names, and their labels."""

    examples: Mapping[ExampleId, Example]
    answers: Mapping[ExampleId, Answer]
    """The annotator's, where they hold."""

    def name(self, example_id: ExampleId) -> str:
        """What an example is called on the screen."""
        return f"#{self.examples[example_id].number:,}"


class NeuronRow(NamedTuple):
    """A neuron of the gap, under `NEURON_COLUMNS`."""

    name: str
    """Its layer and its number there, both from 0."""
    pushes: str
    n_sets: str
    up: str
    down: str
    nearest: str
    """The labelled example in which it pushes most; empty without labels."""
    there: str
    """What it pushes there."""

    @property
    def strongest_in(self) -> str:
        """Where it pushes most; empty without labels."""
        return f"strongest in {self.nearest}" if self.nearest else ""


def neuron_rows(explanation: Explanation, name: Name) -> list[NeuronRow]:
    """The strongest neurons of the gap."""
    return [_neuron_row(neuron, name) for neuron in explanation.neurons]


def expert_of(neuron: GapNeuron) -> str:
    """Which expert a neuron is of; empty where a layer has one FFN."""
    if neuron.expert is not None:
        return f"expert {neuron.expert} of layer {neuron.layer}"
    return f"what every token passes in layer {neuron.layer}" if neuron.shared else ""


def in_sets(row: NeuronRow, gap: Gap) -> str:
    """How many sets have a neuron, among how many, and where it is strongest."""
    where = f"in {row.n_sets} of {plural(gap.n_scanned, 'set')}"
    return " · ".join(filter(None, [where, f"{row.strongest_in} {row.there}".strip()]))


def strongest_texts(
    neuron: GapNeuron, examples: Mapping[ExampleId, Example], name: Name
) -> tuple[str, ...]:
    """The pool's texts in which a neuron pushes most, a line each."""
    return tuple(
        f"{name(one)} {one_line(examples[one].text)}" for one in neuron.texts if one in examples
    )


class PushRow(NamedTuple):
    """A part of what pushes towards the answer, under `PUSH_COLUMNS`."""

    name: str
    n_neurons: str
    pushes: str
    contribution: float
    """The same as a number, to be drawn."""


def push_heading(answer: str) -> str:
    """What the parts add up to."""
    return f"What pushes the model towards {answer}, and away"


def push_rows(explanation: Explanation) -> list[PushRow]:
    """What the whole push is made of, the named neurons first; the whole of it comes last."""
    singles = explanation.bars[: len(explanation.neurons)]
    rest = explanation.bars[len(singles) :]
    parts = [
        ("the neurons above", len(singles), sum(bar.contribution for bar in singles)),
        *((bar.name, bar.n_neurons, bar.contribution) for bar in rest),
    ]
    total = explanation.total
    return [
        *(PushRow(name, f"{n:,}", _pushed(push), push) for name, n, push in parts),
        PushRow("together", "", _pushed(total), total),
    ]


def answers(explanation: Explanation, n_likely: int = 5) -> str:
    """The model's own answer: the likeliest labels."""
    likely = sorted(explanation.probabilities.items(), key=lambda item: -item[1])[:n_likely]
    shares = ", ".join(f"{one_line(label)} {share(of_one)}" for label, of_one in likely)
    return f"model, without labels in its prompt: {shares}"


def beside_heading(overlap: Overlap) -> str:
    """How near the nearest labelled example is."""
    return f"Beside the nearest labelled example, distance {overlap.distance:.2f}"


def shared(overlap: Overlap) -> str:
    """What the two have in common."""
    return (
        f"{overlap.shared:,} neurons shared, {overlap.only_here:,} only here, "
        f"{overlap.only_there:,} only there"
    )


class OtherRow(NamedTuple):
    """What a rule would have shown."""

    example_id: ExampleId
    heading: str
    note: str
    is_same: bool
    """Whether it is the example that this screen shows."""


def other_rows(explanation: Explanation, name: Name) -> list[OtherRow]:
    """What other rules would have shown in the place of this example."""
    rows = []
    for other in explanation.alternatives:
        note = "the next of a fixed shuffle" if other.rule == "random" else "hardest first"
        is_same = other.example_id == explanation.example_id
        heading = f"{other.rule}: {name(other.example_id)}"
        rows.append(
            OtherRow(
                other.example_id,
                f"{heading} — the same example" if is_same else heading,
                f"{note}; entropy {other.entropy:.2f} nats",
                is_same,
            )
        )
    return rows


def scanned(gap: Gap) -> str:
    """How many examples the numbers are over."""
    return f"{plural(gap.n_scanned, 'example')} were scanned."


def _neuron_row(neuron: GapNeuron, name: Name) -> NeuronRow:
    nearest = neuron.nearest
    return NeuronRow(
        neuron.name,
        _pushed(neuron.contribution),
        f"{neuron.n_examples:,}",
        _tokens(neuron.towards),
        _tokens(neuron.away),
        "" if nearest is None else name(nearest),
        "" if nearest is None else _pushed(neuron.nearest_contribution),
    )


def _tokens(texts: tuple[str, ...]) -> str:
    """Tokens that read as words, and how many others there are."""
    words = [*dict.fromkeys(text.strip() for text in texts if reads_as_word(text))]
    n_others = sum(not reads_as_word(text) for text in texts)
    return " · ".join([*words[:_N_TOKENS], *([plural(n_others, "fragment")] if n_others else [])])


def reads_as_word(token: str) -> bool:
    """Whether a token reads as a word by itself: letters that begin one, or a name or a script
    without spaces.

    >>> [reads_as_word(one) for one in (" refund", "Yes", "esian", "\\n", " x", "退款", "()")]
    [True, True, False, False, False, True, False]
    """
    word = token.strip()
    if not word.isalpha() or (len(word) < _SHORTEST_WORD and word.isascii()):
        return False
    return token[0].isspace() or not word[0].islower()


def _pushed(contribution: float) -> str:
    """A contribution; three decimals, since a gap's neurons are seldom the strong ones."""
    return f"{contribution:+,.3f}"


def leaving_out(n_parts: int) -> str:
    """What the engine does to find the words behind the neurons."""
    return f"the model reads the text again, {plural(n_parts, 'time')}, each without a part …"


def words_found(n_words: int) -> str:
    """What the underlined words are."""
    if not n_words:
        return "no word of it alone switches its new neurons on"
    return f"underlined: what switches its new neurons on ({plural(n_words, 'place')})"
