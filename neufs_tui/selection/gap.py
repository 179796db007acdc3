"""Why an example: the part of its neuron set that no labelled example has switched on.

Bars are contributions summed over the answer positions, so that those shown and the rest add up
to what all FFNs together push towards the model's answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.explanation import Bar, Gap, Overlap
from neufs_tui.selection.jaccard import NeuronSets
from neufs_tui.selection.scanned_pool import ScannedPool

NeuronIds = NDArray[np.uint32]
"""Flat ids, ascending."""
_FEWEST = 8
"""Examples that are looked at for what a gap is about, in a small pool."""
_ENOUGH = 0.2
"""Share of a gap below which nothing is shared that could be told."""
_MOST_READ = 2000
"""Examples that are looked at for where a neuron is strongest."""
_AT_ONCE = 1 << 22
"""Neurons looked up at a time, which bounds the memory that it takes."""


def find_gap(
    pool: ScannedPool,
    place: int,
    labelled: Sequence[int],
    *,
    decided: Sequence[int],
    shape: tuple[int, int],
) -> tuple[Gap, NeuronIds]:
    """What of an example's neuron set the labelled ones leave open.

    Args:
        pool: n scanned examples.
        place: one of them.
        labelled: places of the labelled examples, not this one.
        decided: those and the skipped ones, which are not ranked; not this one.
        shape: the model's (n_layers, d_mlp).
    """
    n_layers, d_mlp = shape
    own = pool.captures[place].neurons
    neurons = uncovered(own, (pool.captures[one].neurons for one in labelled), shape)
    is_ranked = np.ones(len(pool.ids), dtype=bool)
    is_ranked[list(decided)] = False
    gaps = pool.sets.n_outside(labelled)[is_ranked]
    gap = Gap(
        size=len(neurons),
        set_size=len(own),
        by_layer=tuple(np.bincount(neurons // d_mlp, minlength=n_layers).tolist()),
        median=float(np.median(gaps)),
        rank=1 + int((gaps > len(neurons)).sum()),
        n_ranked=len(gaps),
        n_scanned=len(pool.ids),
    )
    return gap, neurons


def uncovered(own: NeuronIds, labelled: Iterable[NeuronIds], shape: tuple[int, int]) -> NeuronIds:
    """What of a neuron set is in none of some others, ascending."""
    covered = np.zeros(shape[0] * shape[1], dtype=bool)
    for neurons in labelled:
        covered[neurons] = True
    return own[~covered[own]]


def sharing(sets: NeuronSets, place: int, gap: NeuronIds, rarity: NDArray[np.float64]) -> list[int]:
    """The examples that share most of a gap, the one that shares most first; not all share much.

    Args:
        sets: of n scanned examples.
        place: the example whose gap it is.
        gap: neurons that occur in the sets.
        rarity: what each of them counts, shape (len(gap),).

    Returns:
        The square root of n or more places, of examples that share enough of the gap.
    """
    columns = np.searchsorted(sets.occurring, gap)
    words, bits = columns // 64, (columns % 64).astype(np.uint64)
    shares = np.empty(len(sets))
    step = max(1, _AT_ONCE // max(1, len(gap)))
    for start in range(0, len(sets), step):
        has = sets.bits[start : start + step, words] >> bits & np.uint64(1)
        shares[start : start + step] = has @ rarity
    shares[place] = -1
    most = max(_FEWEST, math.isqrt(len(sets)))
    order = np.argsort(-shares, kind="stable")[:most]
    return order[shares[order] >= _ENOUGH * rarity.sum()].tolist() if rarity.sum() > 0 else []


def strongest_in(
    pool: ScannedPool, neurons: Sequence[int], *, leave_out: int, n: int
) -> list[list[int]]:
    """The examples in which each neuron pushes most towards the answer there.

    Args:
        pool: scanned examples.
        neurons: flat ids that occur in their sets.
        leave_out: the place of one that is not looked at.
        n: how many examples of each neuron.

    Returns:
        Places by neuron, the strongest first, of examples that have it in their set. Of a neuron
        that more than `_MOST_READ` have, as many are looked at: places are in the order of hashes,
        so that the first are a sample.
    """
    sets, found = pool.sets, []
    for neuron in neurons:
        column = int(np.searchsorted(sets.occurring, neuron))
        has = sets.bits[:, column // 64] >> np.uint64(column % 64) & np.uint64(1)
        has[leave_out] = 0
        places = np.flatnonzero(has)[:_MOST_READ]
        pushes = np.array([_pushes(pool, int(place), neuron) for place in places])
        order = np.argsort(-pushes, kind="stable")[:n]
        found.append(places[order].tolist())
    return found


def _pushes(pool: ScannedPool, place: int, neuron: int) -> float:
    """What a neuron of an example's set contributes there."""
    capture = pool.captures[place]
    return float(capture.contributions[np.searchsorted(capture.neurons, neuron)])


def nearest_labelled(pool: ScannedPool, place: int, labelled: Sequence[int]) -> Overlap | None:
    """The labelled example whose neuron set is most alike; None without labels."""
    if not labelled:
        return None
    sets = pool.sets
    distances = sets.distances(np.array([place]), np.array(labelled))[0]
    nearest = labelled[int(distances.argmin())]
    shared = int(np.bitwise_count(sets.bits[nearest] & sets.bits[place]).sum(dtype=np.int64))
    only_there, only_here = (int(size) - shared for size in sets.sizes[[nearest, place]])
    return Overlap(pool.ids[nearest], float(distances.min()), shared, only_here, only_there)


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
