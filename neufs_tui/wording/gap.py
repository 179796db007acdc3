"""The gap of an example in words: how much of it is new, in which layers, and what it is about."""

from __future__ import annotations

from neufs_tui.core.explanation import Explanation, Gap
from neufs_tui.core.text import one_line, plural
from neufs_tui.wording.sentences import among

_STEPS = " ▁▂▃▄▅▆▇█"


def new_neurons(explanation: Explanation) -> str:
    """The gap's size, and what it was counted over."""
    gap, n_labelled, n_labels = explanation.gap, explanation.n_labelled, explanation.n_labels
    if not n_labelled:
        so_far = "no labelled example was scanned yet" if n_labels else "nothing is labelled yet"
        return f"all of its {gap.set_size:,} neurons are new: {so_far}"
    size = f"{gap.size:,}" if gap.size else "none"
    verb = "are" if gap.size > 1 else "is"
    examples = f"your {f'{n_labels:,} labelled examples' if n_labels > 1 else 'labelled example'}"
    if n_labelled < n_labels:
        examples = f"{n_labelled:,} of {examples}"
    return f"{size} of its {gap.set_size:,} neurons {verb} new to {examples}"


def gap_in_brief(explanation: Explanation) -> str:
    """The gap's size and where in the model most of it is, in a few words."""
    gap = explanation.gap
    if not explanation.n_labelled or not gap.size:
        return new_neurons(explanation)
    first, last = fullest_layers(gap.by_layer)
    layers = f"layer {first}" if first == last else f"layers {first}–{last}"
    return f"gap {gap.size:,} of {plural(gap.set_size, 'neuron')}, most in {layers}"


def fullest_layers(by_layer: tuple[int, ...]) -> tuple[int, int]:
    """First and last of the fewest neighbouring layers that have half of the gap or more.

    >>> fullest_layers((0, 1, 0, 2, 3)), fullest_layers((1, 0, 1))
    ((4, 4), (0, 0))
    """
    half = sum(by_layer) / 2
    for n in range(1, len(by_layer) + 1):
        sums = [sum(by_layer[first : first + n]) for first in range(len(by_layer) - n + 1)]
        if max(sums) >= half:
            return sums.index(max(sums)), sums.index(max(sums)) + n - 1
    return 0, 0


def keywords(explanation: Explanation) -> str:
    """What the texts that share most of the gap are about, in their own words; may be empty."""
    return " · ".join(map(one_line, explanation.keywords))


def told_by(explanation: Explanation) -> str:
    """The same in a sentence."""
    if not explanation.alike:
        return "No other text shares a fifth of it."
    if not explanation.keywords:
        return "No word stands in them much oftener than in the pool."
    return f"Much oftener in them than in the pool: {keywords(explanation)}"


def beside_others(explanation: Explanation) -> str:
    """Where its gap stands; empty while nothing is covered and all neurons of all are new."""
    gap = explanation.gap
    return among(gap.median, gap.rank, gap.n_ranked) if explanation.n_labelled else ""


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


def layer_row(gap: Gap) -> tuple[str, str, str, str]:
    """First layer, the strip of all, last layer, and how many its fullest block stands for."""
    most = f"at most {max(gap.by_layer):,} neurons in a layer"
    return "0 |", layer_strip(gap.by_layer), f"| {len(gap.by_layer) - 1}", most
