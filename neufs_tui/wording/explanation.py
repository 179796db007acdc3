"""An explanation in words and short numbers; the numbers are `core/explanation.py`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neufs_tui.core.explanation import Explanation, GapNeuron
from neufs_tui.core.records import Answer, Example, ExampleId
from neufs_tui.wording.sentences import among

_STEPS = " ▁▂▃▄▅▆▇█"

MEANINGS = (
    ("neuron", "a place in a feed-forward layer of the model: L17.302 is number 302 of layer 17."),
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
    ("gap by layer", "how the gap spreads from the first layer to the last; a high block is many."),
    (
        "pushes",
        "what a neuron adds to the model's own answer, in logits before the last norm, summed "
        "over the answer's tokens; below zero it pushes away, as from a second token.",
    ),
    (
        "up, down",
        "the tokens it makes likelier and less likely whenever it is on: a readout of its "
        "direction, shown as it is, junk included; not its meaning.",
    ),
    (
        "in N of M sets",
        "how many scanned examples have that neuron among theirs: where it is one, only this text "
        "has it; where it is many, a label here covers it for all of them.",
    ),
    (
        "strongest in",
        "the labelled example in which that neuron pushes most, though it is not in that "
        "example's set, and how much.",
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


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The other examples that an explanation names, and their labels."""

    examples: Mapping[ExampleId, Example]
    answers: Mapping[ExampleId, Answer]
    """The annotator's, where they hold."""

    def name(self, example_id: ExampleId) -> str:
        """What an example is called on the screen."""
        return f"#{self.examples[example_id].number:,}"


def new_neurons(explanation: Explanation) -> str:
    """The gap's size, and what it was counted over."""
    gap, n_labelled, n_labels = explanation.gap, len(explanation.labelled), explanation.n_labels
    if not n_labelled:
        so_far = "no labelled example was scanned yet" if n_labels else "nothing is labelled yet"
        return f"all of its {gap.set_size:,} neurons are new: {so_far}"
    size = f"{gap.size:,}" if gap.size else "none"
    verb = "are" if gap.size > 1 else "is"
    examples = f"your {f'{n_labels:,} labelled examples' if n_labels > 1 else 'labelled example'}"
    if n_labelled < n_labels:
        examples = f"{n_labelled:,} of {examples}"
    return f"{size} of its {gap.set_size:,} neurons {verb} new to {examples}"


def beside_others(explanation: Explanation) -> str:
    """Where its gap stands; empty while nothing is covered and all neurons of all are new."""
    gap = explanation.gap
    return among(gap.median, gap.rank, gap.n_ranked) if explanation.labelled else ""


def sentence(explanation: Explanation) -> str:
    """The gap's size, beside the pool's."""
    new, beside = new_neurons(explanation), beside_others(explanation)
    return f"{new[0].upper()}{new[1:]}{f' ({beside})' if beside else ''}."


def layer_strip(by_layer: tuple[int, ...], cells: int | None = None) -> str:
    """The layers side by side, first layer first, the fullest a whole block.

    Args:
        by_layer: a number of each layer.
        cells: characters there is room for; neighbours share one where layers are more.
    """
    size = -(-len(by_layer) // max(1, cells)) if cells is not None else 1
    sums = [sum(by_layer[start : start + size]) for start in range(0, len(by_layer), size)]
    top = max(sums) or 1
    return "".join(_STEPS[-(-n * (len(_STEPS) - 1) // top)] for n in sums)


def tokens(texts: tuple[str, ...]) -> str:
    """Tokens as they are, their spaces and control characters visible."""
    return " ".join(repr(text)[1:-1].replace(" ", "·") for text in texts)


def pushed(contribution: float) -> str:
    """A contribution; three decimals, since a gap's neurons are seldom the strong ones."""
    return f"{contribution:+,.3f}"


def neuron_name(neuron: GapNeuron) -> str:
    """What a neuron is called: its layer and its number there, both from 0."""
    return f"L{neuron.layer}.{neuron.index}"


def bar_rows(explanation: Explanation) -> list[tuple[str, int, float]]:
    """What the whole push is made of: name, neurons and push of each part, the named ones first."""
    singles = explanation.bars[: len(explanation.neurons)]
    rest = explanation.bars[len(singles) :]
    shown = sum(bar.contribution for bar in singles)
    return [
        ("the neurons above", len(singles), shown),
        *((bar.name, bar.n_neurons, bar.contribution) for bar in rest),
    ]
