"""Why an example: the part of its neuron set that no labelled example has switched on.

Bars are contributions summed over the answer positions, so that those shown and the rest add up
to what all FFNs together push towards the model's answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.explanation import Bar, Gap, Overlap
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.selection.jaccard import NeuronSets

NeuronIds = NDArray[np.uint32]
"""Flat ids, ascending."""


def find_gap(
    captures: Mapping[ExampleId, Capture],
    example_id: ExampleId,
    labelled: Sequence[ExampleId],
    *,
    decided: Collection[ExampleId],
    shape: tuple[int, int],
) -> tuple[Gap, NeuronIds]:
    """What of an example's neuron set the labelled ones leave open.

    Args:
        captures: the scanned pool.
        example_id: one of it.
        labelled: the labelled examples, not this one.
        decided: those and the skipped ones, which are not ranked; not this one.
        shape: the model's (n_layers, d_mlp).
    """
    n_layers, d_mlp = shape
    covered = np.zeros(n_layers * d_mlp, dtype=bool)
    for one in labelled:
        covered[captures[one].neurons] = True
    done = set(decided)
    gaps = {
        one: int((~covered[capture.neurons]).sum())
        for one, capture in captures.items()
        if one not in done
    }
    own = captures[example_id].neurons
    neurons = own[~covered[own]]
    gap = Gap(
        size=len(neurons),
        set_size=len(own),
        by_layer=tuple(np.bincount(neurons // d_mlp, minlength=n_layers).tolist()),
        median=float(np.median(list(gaps.values()))),
        rank=1 + sum(gap > len(neurons) for gap in gaps.values()),
        n_ranked=len(gaps),
        n_scanned=len(captures),
    )
    return gap, neurons


def nearest_labelled(
    captures: Mapping[ExampleId, Capture], example_id: ExampleId, labelled: Sequence[ExampleId]
) -> Overlap | None:
    """The labelled example whose neuron set is most alike; None without labels."""
    if not labelled:
        return None
    sets = NeuronSets([captures[one].neurons for one in (*labelled, example_id)])
    distances = sets.distances_to(len(labelled))[:-1]
    nearest = int(distances.argmin())
    shared = int(np.bitwise_count(sets.bits[nearest] & sets.bits[-1]).sum(dtype=np.int64))
    only_there, only_here = (int(size) - shared for size in sets.sizes[[nearest, -1]])
    return Overlap(labelled[nearest], float(distances[nearest]), shared, only_here, only_there)


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
