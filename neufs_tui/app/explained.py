"""An explanation in words: the same for the panel and for the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.content import Content

from neufs_tui.app.sentences import number
from neufs_tui.app.text import ellipsis, one_line
from neufs_tui.core.explanation import Explanation, GapNeuron
from neufs_tui.core.records import Example, ExampleId
from neufs_tui.engine.protocol import Explained

_HEADING = "bold $text"
_QUIET = "$foreground-muted"
_STRIP = "$accent"
_STEPS = " ▁▂▃▄▅▆▇█"
_PART = 36

_MEANINGS = (
    ("gap", "neurons of this example that no label of yours has switched on"),
    ("median, rank", "of the gaps of all scanned examples without a label"),
    ("pushes", "what a neuron adds to the model's own answer, in logits before the last norm"),
    ("up, down", "tokens that it makes likelier and less likely; a readout, not its meaning"),
    ("nearest label", "the labelled example in which that neuron pushes most, and how much"),
    ("distance", "share of two examples' neurons that they do not have in common"),
)


def sentence(explanation: Explanation) -> str:
    """The gap's size, beside the pool's."""
    gap, n_labelled = explanation.gap, len(explanation.labelled)
    if not n_labelled:
        return f"Nothing is labelled yet, so all of its {gap.set_size:,} neurons are new."
    labels = "the one label" if n_labelled == 1 else f"any of {n_labelled:,} labels"
    return (
        f"{gap.size:,} of its {gap.set_size:,} neurons are not switched on by {labels} "
        f"(median {gap.median:,.0f}; rank {gap.rank:,} of {gap.n_ranked:,})."
    )


def layer_strip(by_layer: tuple[int, ...]) -> str:
    """One character a layer, first layer first, the fullest layer a whole block."""
    top = max(by_layer) or 1
    return "".join(_STEPS[-(-n * (len(_STEPS) - 1) // top)] for n in by_layer)


def tokens(texts: tuple[str, ...]) -> str:
    """Tokens as they are, their spaces and control characters visible."""
    return " ".join(repr(text)[1:-1].replace(" ", "·") for text in texts)


def answer(event: Explained, examples: Mapping[ExampleId, Example]) -> Content:
    """The page for what the engine has said."""
    if event.explanation is None:
        return Content("The model has not read this example yet; ask again in a while.")

    def name(example_id: ExampleId) -> str:
        return f"#{number(examples[example_id]):,}"

    return page(event.explanation, name)


def page(explanation: Explanation, name: Callable[[ExampleId], str]) -> Content:
    """Everything about one example but the model's answer, which would lead her.

    Args:
        explanation: the numbers.
        name: what an example is called on the screen.
    """
    gap = explanation.gap
    parts: list[Content | str | tuple[str, str]] = [
        ("Why this example\n", _HEADING),
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
        parts += _neuron(one, name)
    if not explanation.neurons:
        parts.append(("none: every neuron of it is covered\n", _QUIET))
    parts += ["\n", ("All that pushes towards the model's answer\n", _HEADING)]
    singles = explanation.bars[: len(explanation.neurons)]
    shown = sum(bar.contribution for bar in singles)
    parts.append(_sum("the neurons above", len(singles), shown))
    for bar in explanation.bars[len(singles) :]:
        parts.append(_sum(bar.name, bar.n_neurons, bar.contribution))
    parts.append((f"{'together':<{_PART}}{'':9}{explanation.total:>+10.2f}\n", "bold"))
    near = explanation.overlap
    if near is not None:
        parts += [
            "\n",
            (f"Nearest label: {name(near.example_id)}, distance {near.distance:.2f}\n", _HEADING),
            f"{near.shared:,} neurons shared, {near.only_here:,} only here, "
            f"{near.only_there:,} only there\n",
        ]
    parts += ["\n", ("What the numbers mean\n", _HEADING)]
    wide = max(len(term) for term, _ in _MEANINGS)
    for term, meaning in _MEANINGS:
        parts += [(term.ljust(wide), _STRIP), f"  {meaning}\n"]
    return Content.assemble(*parts)


def _neuron(
    neuron: GapNeuron, name: Callable[[ExampleId], str]
) -> list[Content | str | tuple[str, str]]:
    """Two lines: how much and up, then down."""
    nearest = ""
    if neuron.nearest is not None:
        nearest = f"nearest label {name(neuron.nearest)} {neuron.nearest_contribution:+.2f}"
    head = f"L{neuron.layer}.{neuron.index}"
    return [
        (f"{head:<12}", "bold"),
        f"{neuron.contribution:>+8.2f}   ",
        (f"{one_line(nearest)}\n", _QUIET),
        ("    up    ", _QUIET),
        Content(f"{ellipsis(tokens(neuron.towards), 66)}\n"),
        ("    down  ", _QUIET),
        Content(f"{ellipsis(tokens(neuron.away), 66)}\n"),
    ]


def _sum(part: str, n_neurons: int, contribution: float) -> str:
    return f"{part:<{_PART}}{n_neurons:>9,}{contribution:>+10.2f}\n"
