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
from neufs_tui.core.model_shape import ModelShape
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
    shape: ModelShape,
) -> tuple[Gap, NeuronIds]:
    """What of an example's neuron set the labelled ones leave open.

    Args:
        pool: n scanned examples.
        place: one of them.
        labelled: places of the labelled examples, not this one.
        decided: those and the skipped ones, which are not ranked; not this one.
        shape: how the model's neurons are laid out.
    """
    own = pool.captures[place].neurons
    neurons = uncovered(own, (pool.captures[one].neurons for one in labelled))
    is_ranked = np.ones(len(pool.ids), dtype=bool)
    is_ranked[list(decided)] = False
    gaps = pool.sets.n_outside(labelled)[is_ranked]
    gap = Gap(
        size=len(neurons),
        set_size=len(own),
        by_layer=tuple(np.bincount(shape.layers_of(neurons), minlength=shape.n_layers).tolist()),
        median=float(np.median(gaps)),
        rank=1 + int((gaps > len(neurons)).sum()),
        n_ranked=len(gaps),
        n_scanned=len(pool.ids),
    )
    return gap, neurons


def uncovered(own: NeuronIds, labelled: Iterable[NeuronIds]) -> NeuronIds:
    """What of a neuron set is in none of some others, ascending."""
    is_covered = np.zeros(len(own), dtype=bool)
    for neurons in labelled:
        is_covered |= np.isin(own, neurons, assume_unique=True)
    return own[~is_covered]


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
    neurons: NeuronIds,
    contributions: NDArray[np.float32],
    own: NeuronIds,
    gap: NeuronIds,
    *,
    shape: ModelShape,
    n_shown: int,
) -> tuple[Bar, ...]:
    """The whole, taken apart into the strongest gap neurons and everything else.

    Args:
        neurons: all that were passed, ascending, shape (m,).
        contributions: of each of them, same shape.
        own: the example's neuron set, some of them.
        gap: the part of it that no label covers.
        shape: how the model's neurons are laid out.
        n_shown: gap neurons with a bar of their own.

    Returns:
        Bars whose contributions sum to `contributions.sum()`.
    """
    wide = contributions.astype(np.float64)

    def bar(name: str, some: NeuronIds) -> Bar:
        return Bar(name, len(some), float(wide[np.searchsorted(neurons, some)].sum()))

    pushed = wide[np.searchsorted(neurons, gap)]
    shown = gap[np.argsort(-pushed, kind="stable")[:n_shown]]
    return (
        *(bar(str(shape.place(int(one))), np.array([one])) for one in shown),
        bar("other gap neurons", np.setdiff1d(gap, shown)),
        bar("neurons that a label covers", np.setdiff1d(own, gap)),
        bar("all other neurons", np.setdiff1d(neurons, own)),
    )
