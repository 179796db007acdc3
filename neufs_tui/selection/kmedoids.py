"""k-medoids over neuron sets, with fixed medoids and warm starts.

A medoid is an example. Fixed medoids (the labelled examples) attract members but never move;
free ones move to the member of their cluster with the smallest sum of distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.selection.jaccard import Indices, NeuronSets

VERSION = 1
"""Raised whenever the same sets and seed are clustered otherwise."""
N_STARTS = 10
MAX_ITERATIONS = 100
SWAP_LIMIT = 4096
"""Examples up to which the best start is improved by exact swaps; they need all distances."""

EXHAUSTIVE_LIMIT = 256
"""Members up to which every one is compared with every other for the medoid."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """Every example at its nearest medoid."""

    medoids: Indices
    """Places of the medoids, fixed ones first, shape (c,)."""
    n_fixed: int
    labels: Indices
    """Index into `medoids` of each example's nearest, shape (n,); ties go to the earlier one."""
    distances: NDArray[np.float64]
    """Distance of each example to it, shape (n,)."""

    @property
    def inertia(self) -> float:
        """Sum of the distances."""
        return float(self.distances.sum())

    def members(self, cluster: int) -> Indices:
        """Places of the examples in one cluster, ascending; never empty."""
        return np.flatnonzero(self.labels == cluster)


def fit(sets: NeuronSets, n_clusters: int, *, seed: int, n_starts: int = N_STARTS) -> Clustering:
    """Cluster from k-means++ starts and keep the clustering with the least inertia.

    Args:
        sets: n neuron sets, in an order that does not depend on the pool's.
        n_clusters: clusters wanted, 1 ≤ n_clusters ≤ n.
        seed: seed of the starts; equal seeds and sets give equal clusterings.
        n_starts: starts tried.

    Returns:
        n_clusters clusters, none of them empty. Up to `SWAP_LIMIT` examples no swap of a
        medoid with a non-medoid would lower the inertia.

    Source: Chen et al., NeuFS, clustering section; swaps as in PAM (Kaufman and Rousseeuw 1990)
    with the shared sums of Schubert and Rousseeuw (2021).
    """
    if not 1 <= n_clusters <= len(sets):
        raise ValueError(f"{n_clusters} clusters of {len(sets)} examples")
    none = np.empty(0, dtype=np.intp)
    rng = np.random.default_rng(seed)
    best: Clustering | None = None
    for _ in range(n_starts):
        start = _spread_medoids(sets, n_clusters, rng)
        clustering = settle(sets, none, start)
        if best is None or clustering.inertia < best.inertia - 1e-12:
            best = clustering
    assert best is not None
    if len(sets) <= SWAP_LIMIT:
        best = _improve_by_swaps(sets, best)
    return best


def settle(
    sets: NeuronSets, fixed: Indices, free: Indices, *, max_iterations: int = MAX_ITERATIONS
) -> Clustering:
    """Alternate assignment and medoid updates from the given medoids until nothing moves.

    Args:
        sets: n neuron sets.
        fixed: places of medoids that stay.
        free: places of medoids that may move; disjoint from `fixed`.
        max_iterations: updates after which the clustering is returned as it is.
    """
    clustering = assign(sets, fixed, free)
    for _ in range(max_iterations):
        moved = np.array(
            [
                _central_member(sets, clustering.members(len(fixed) + cluster))
                for cluster in range(len(free))
            ],
            dtype=np.intp,
        )
        if np.array_equal(moved, free):
            break
        candidate = assign(sets, fixed, moved)
        if candidate.inertia > clustering.inertia - 1e-12:
            break  # ties between equal sets could otherwise move medoids for ever
        free, clustering = moved, candidate
    return clustering


def assign(sets: NeuronSets, fixed: Indices, free: Indices) -> Clustering:
    """Give every example to its nearest medoid, each medoid to itself."""
    medoids = np.concatenate([fixed, free]).astype(np.intp)
    rows = sets.distances(medoids, None)  # (c, n)
    labels = rows.argmin(axis=0)
    labels[medoids] = np.arange(len(medoids))
    distances = rows[labels, np.arange(len(sets))]
    return Clustering(medoids, len(fixed), labels, distances)


def _central_member(sets: NeuronSets, members: Indices) -> int:
    """The member with the least sum of distances to the others; ties go to the first.

    In a large cluster only the members that the column sums find most promising are compared
    exactly, so the work grows with the cluster and not with its square.
    """
    candidates = members
    if len(members) > EXHAUSTIVE_LIMIT:
        promise = sets.mean_similarity_estimates(members)
        best = np.argsort(-promise, kind="stable")[:EXHAUSTIVE_LIMIT]
        candidates = members[np.sort(best)]
    return int(candidates[sets.distance_sums(candidates, members).argmin()])


def _spread_medoids(sets: NeuronSets, n_clusters: int, rng: np.random.Generator) -> Indices:
    """k-means++: each further medoid drawn with probability ∝ squared distance to the chosen."""
    chosen = [int(rng.integers(len(sets)))]
    nearest = sets.distances_to(chosen[0])
    while len(chosen) < n_clusters:
        weights = nearest**2
        weights[chosen] = 0
        if weights.sum() > 0:
            place = int(rng.choice(len(sets), p=weights / weights.sum()))
        else:  # fewer distinct sets than clusters: any example not chosen yet
            place = int(rng.choice(np.setdiff1d(np.arange(len(sets)), chosen)))
        chosen.append(place)
        nearest = np.minimum(nearest, sets.distances_to(place))
    return np.array(chosen, dtype=np.intp)


def _improve_by_swaps(sets: NeuronSets, clustering: Clustering) -> Clustering:
    """Swap medoids for non-medoids, first improvement first, until no swap lowers the inertia."""
    everyone = np.arange(len(sets))
    table = sets.distances(everyone, None)  # (n, n)
    medoids = clustering.medoids.copy()
    n_clusters = len(medoids)
    since_swap, place = 0, 0
    nearest, first, second = _two_nearest(table, medoids)
    while since_swap < len(sets):
        if place not in medoids:
            row = table[place]
            gained = np.minimum(row - first, 0.0)
            lost = np.minimum(row, second) - first - gained
            change = gained.sum() + np.bincount(nearest, weights=lost, minlength=n_clusters)
            worst = int(change.argmin())
            if change[worst] < -1e-9:
                medoids[worst] = place
                nearest, first, second = _two_nearest(table, medoids)
                since_swap = 0
        since_swap += 1
        place = (place + 1) % len(sets)
    return assign(sets, np.empty(0, dtype=np.intp), medoids)


def _two_nearest(
    table: NDArray[np.float64], medoids: Indices
) -> tuple[Indices, NDArray[np.float64], NDArray[np.float64]]:
    """Index of each example's nearest medoid, its distance, and that of the second nearest."""
    rows = table[medoids]  # (c, n)
    columns = np.arange(rows.shape[1])
    nearest = rows.argmin(axis=0)
    first = rows[nearest, columns]
    rows[nearest, columns] = np.inf
    return nearest, first, rows.min(axis=0)
