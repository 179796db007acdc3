"""Why an example: the part of its neuron set that no labelled example has switched on.

Bars are contributions summed over the answer positions, so that those shown and the rest add up
to what all FFNs together push towards the model's answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId

NeuronIds = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class GapNeuron:
    """One neuron of the gap."""

    layer: int
    index: int
    contribution: float
    """Towards the model's answer, summed over its tokens."""
    towards: tuple[str, ...]
    """Tokens that it pushes up most; a readout of its direction, not its meaning."""
    away: tuple[str, ...]
    """Tokens that it pushes down most."""
    nearest: ExampleId | None
    """The labelled example in which it contributes most; None without labels."""
    nearest_contribution: float
    """What it contributes there, towards the answer there; 0 without labels."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of the whole."""

    name: str
    n_neurons: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """An example beside the labelled one that is nearest to it; all in neurons."""

    example_id: ExampleId
    distance: float
    """Jaccard distance, in [0, 1]."""
    shared: int
    only_here: int
    only_there: int


@dataclass(frozen=True, slots=True)
class Gap:
    """The gap of one example among those that are not labelled."""

    neurons: NeuronIds
    """Flat ids, ascending."""
    set_size: int
    by_layer: tuple[int, ...]
    """Neurons of the gap in each layer."""
    median: float
    """Median gap over the candidates."""
    rank: int
    """1 + how many candidates have a larger gap."""
    n_ranked: int
    """Candidates, the example among them."""


def find_gap(
    captures: Mapping[ExampleId, Capture],
    example_id: ExampleId,
    labelled: Sequence[ExampleId],
    *,
    shape: tuple[int, int],
) -> Gap:
    """What of an example's neuron set the labelled ones leave open.

    Args:
        captures: the scanned pool.
        example_id: one of it.
        labelled: the labelled examples, not this one.
        shape: the model's (n_layers, d_mlp).
    """
    n_layers, d_mlp = shape
    covered = np.zeros(n_layers * d_mlp, dtype=bool)
    for one in labelled:
        covered[captures[one].neurons] = True
    done = set(labelled)
    gaps = {
        one: int((~covered[capture.neurons]).sum())
        for one, capture in captures.items()
        if one not in done
    }
    own = captures[example_id].neurons
    neurons = own[~covered[own]]
    return Gap(
        neurons=neurons,
        set_size=len(own),
        by_layer=tuple(np.bincount(neurons // d_mlp, minlength=n_layers).tolist()),
        median=float(np.median(list(gaps.values()))),
        rank=1 + sum(gap > len(neurons) for gap in gaps.values()),
        n_ranked=len(gaps),
    )


def nearest_labelled(
    captures: Mapping[ExampleId, Capture], example_id: ExampleId, labelled: Sequence[ExampleId]
) -> Overlap | None:
    """The labelled example whose neuron set is most alike; None without labels."""
    own = captures[example_id].neurons
    overlaps = []
    for one in labelled:
        other = captures[one].neurons
        shared = len(np.intersect1d(own, other, assume_unique=True))
        union = len(own) + len(other) - shared
        distance = 1 - shared / union if union else 0.0
        overlaps.append(Overlap(one, distance, shared, len(own) - shared, len(other) - shared))
    return min(overlaps, key=lambda overlap: overlap.distance, default=None)


def bars(
    contributions: NDArray[np.float32], own: NeuronIds, gap: NeuronIds, *, n_shown: int
) -> tuple[Bar, ...]:
    """The whole, taken apart into the strongest gap neurons and everything else.

    Args:
        contributions: of every neuron, shape (n_layers, d_mlp).
        own: the example's neuron set.
        gap: the part of it that no label covers.
        n_shown: gap neurons with a bar of their own.

    Returns:
        Bars whose contributions sum to `contributions.sum()`.
    """
    flat = contributions.ravel().astype(np.float64)
    d_mlp = contributions.shape[1]
    shown = gap[np.argsort(-flat[gap], kind="stable")[:n_shown]]
    single = [Bar(f"L{n // d_mlp}.{n % d_mlp}", 1, float(flat[n])) for n in shown.tolist()]
    others = np.setdiff1d(gap, shown)
    covered = np.setdiff1d(own, gap)
    n_rest = len(flat) - len(own)
    rest = flat.sum() - flat[own].sum()
    return (
        *single,
        Bar("other gap neurons", len(others), float(flat[others].sum())),
        Bar("neurons that a label covers", len(covered), float(flat[covered].sum())),
        Bar("all other neurons", n_rest, float(rest)),
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one example, in numbers."""

    example_id: ExampleId
    answer: str
    """The model's answer without demonstrations, which its neurons push towards."""
    probabilities: Mapping[str, float]
    """Of each label, summing to 1."""
    labelled: tuple[ExampleId, ...]
    """The labels that held, in the order they were given."""
    gap: Gap
    neurons: tuple[GapNeuron, ...]
    """The strongest of the gap, strongest first."""
    bars: tuple[Bar, ...]
    overlap: Overlap | None

    @property
    def total(self) -> float:
        """What all FFNs push towards the answer's tokens, their biases aside."""
        return sum(bar.contribution for bar in self.bars)
