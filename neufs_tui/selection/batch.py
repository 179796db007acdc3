"""NeuFS batch selection: one pick from each cluster, representative and hard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.errors import SelectionError
from neufs_tui.selection import kmedoids
from neufs_tui.selection.jaccard import NeuronSets


@dataclass(frozen=True, slots=True)
class BatchPick:
    """One example of a batch selection; places count from 0 in the neuron sets."""

    place: int
    cluster: int
    """Index of the cluster, 0 ≤ cluster < shots."""
    medoid: int
    """Place of the cluster's medoid."""
    distance: float
    """Jaccard distance to the medoid, in [0, 1]."""
    score: float
    """tau · Q̃ + (1 − tau) · (1 − D̃), in [0, 1]."""


def select_batch(
    sets: NeuronSets, difficulty: NDArray[np.float64], *, shots: int, tau: float, seed: int
) -> tuple[BatchPick, ...]:
    """Choose `shots` examples, one from each of `shots` clusters.

    Args:
        sets: n neuron sets, in an order that does not depend on the pool's.
        difficulty: Q(x), comparable across examples, shape (n,).
        shots: examples wanted.
        tau: weight of difficulty; 0 picks the medoids, 1 the most difficult of each cluster.
        seed: seed of the clustering.

    Returns:
        Exactly `shots` picks, in cluster order.

    Raises:
        SelectionError: the pool holds fewer examples than `shots`.

    Source: Chen et al., NeuFS, dual-criteria section.
    """
    if len(sets) < shots:
        raise SelectionError(
            f"{shots} examples are wanted and {len(sets)} are there to choose from",
            hint="ask for fewer with --shots, or scan more of the pool",
        )
    clustering = kmedoids.fit(sets, shots, seed=seed)
    picks = []
    for cluster in range(shots):
        members = clustering.members(cluster)
        distances = clustering.distances[members]
        scores = cluster_scores(difficulty[members], distances, tau=tau)
        best = int(scores.argmax())
        picks.append(
            BatchPick(
                place=int(members[best]),
                cluster=cluster,
                medoid=int(clustering.medoids[cluster]),
                distance=float(distances[best]),
                score=float(scores[best]),
            )
        )
    return tuple(picks)


def cluster_scores(
    difficulty: NDArray[np.float64], distances: NDArray[np.float64], *, tau: float
) -> NDArray[np.float64]:
    """Trade difficulty against typicality inside one cluster.

    Args:
        difficulty: Q(x) of the members, shape (m,).
        distances: Jaccard distance of each to the medoid, shape (m,).
        tau: weight of difficulty, in [0, 1].

    Returns:
        tau · Q̃(x) + (1 − tau) · (1 − D̃(x)) with min–max normalisation over the members,
        shape (m,). A quantity that is equal for all of them is normalised to 0.

    Source: Chen et al., NeuFS, score(x) in the dual-criteria section.
    """
    return tau * _normalised(difficulty) + (1 - tau) * (1 - _normalised(distances))


def _normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = values.min(), values.max()
    if high - low < 1e-8:
        return np.zeros(len(values))
    return np.asarray((values - low) / (high - low))
