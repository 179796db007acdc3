"""NeuFS batch selection: one pick from each cluster, representative and hard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neufs_tui.selection.class_balance import Needs
from neufs_tui.selection.difficulty import SignalValues
from neufs_tui.selection.jaccard import Indices, NeuronSets
from neufs_tui.selection.kmedoids import Clustering
from neufs_tui.selection.strategy import Choice, SelectionState


class NeufsBatch:
    """The paper's selection: as many clusters as shots, and the best of each in cluster order.

    Clusters, their medoids and the scores follow from the scan, the settings and the seed alone.
    Decisions do not change them: what is decided is passed over, so the batch is asked about to
    its end, as if it had been chosen at once. A skipped pick is not replaced before that. Once
    the batch is used up, the second best of each cluster follow in the same order, then the
    third, and so on until nothing is undecided.

    Source: Chen et al., NeuFS, dual-criteria section.
    """

    def __init__(self) -> None:
        """Begin without a clustering; the last one is remembered."""
        self._fitted: tuple[NeuronSets, int, int, Clustering] | None = None

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """The next picks of the batch, one from each cluster in turn."""
        clustering = self._clustering(state)
        decided = {place for place, _ in state.decisions}
        choices = in_rounds(
            clustering,
            range(len(clustering.medoids)),
            state.readings.pool.difficulty.by(state.settings.first_signal),
            np.ones(len(state.ids), dtype=bool),
            tau=state.settings.tau,
            limit=n + len(decided),
        )
        return [choice for choice in choices if choice.place not in decided][:n]

    def _clustering(self, state: SelectionState) -> Clustering:
        sets, seed = state.sets, state.settings.seed
        n_clusters = min(state.settings.shots, len(sets))
        if self._fitted is not None:
            *of, clustering = self._fitted
            if of[0] is sets and of[1:] == [n_clusters, seed]:
                return clustering
        clustering = state.readings.pool.memory.fit(sets, n_clusters, seed=seed)
        self._fitted = (sets, n_clusters, seed, clustering)
        return clustering


def in_rounds(
    clustering: Clustering,
    clusters: Iterable[int],
    difficulty: SignalValues,
    is_open: NDArray[np.bool_],
    *,
    tau: float,
    limit: int,
    needs: Needs | None = None,
) -> list[Choice]:
    """The best of each cluster in turn, then the second of each, and so on.

    Args:
        clustering: of n examples.
        clusters: indices of clusters, the first in turn first.
        difficulty: Q(x), comparable across examples.
        is_open: whether an example may be chosen, shape (n,).
        tau: weight of difficulty; 0 prefers the medoids, 1 the most difficult of each cluster.
        limit: choices wanted.
        needs: what classes lack: how likely a candidate is of such a class, relative to the
            likeliest that may be chosen, then counts beside the paper's score; None where that does
            not matter.

    Returns:
        `limit` choices, or all there are. In a cluster ties go to the earlier place.
    """
    likely, weight = None, 0.0
    if needs is not None and is_open.any():
        likely, weight = needs.likely / max(needs.likely[is_open].max(), 1e-9), needs.weight
    ranked: list[list[Choice]] = []
    for cluster in clusters:
        members = clustering.members(cluster)
        distances, hardness = clustering.distances[members], difficulty.values[members]
        scores = cluster_scores(hardness, distances, tau=tau)
        if likely is not None:
            scores = (scores + weight * likely[members]) / (1 + weight)
        order = np.argsort(-scores, kind="stable")
        candidates = order[is_open[members[order]]][:limit]
        n_farther = (len(members) - _rank(distances, candidates, "right")) * (tau < 1)
        n_easier = _rank(hardness, candidates, "left") * (tau > 0)
        places, medoid = members[candidates], int(clustering.medoids[cluster])
        n_unlikelier = np.zeros(len(candidates), dtype=np.intp)
        if likely is not None:
            n_unlikelier = _rank(likely[members], candidates, "left")
        columns = (
            places,
            scores[candidates],
            distances[candidates],
            n_farther,
            n_easier,
            difficulty.n_demonstrations[places],
            n_unlikelier,
        )
        ranked.append(
            [
                Choice(
                    place=place,
                    score=score,
                    n_among=len(members),
                    distance=distance,
                    n_farther=farther,
                    n_easier=easier,
                    signal=difficulty.signal,
                    n_demonstrations=n_read,
                    medoid=medoid,
                    n_unlikelier=unlikelier,
                )
                for place, score, distance, farther, easier, n_read, unlikelier in zip(
                    *(column.tolist() for column in columns), strict=True
                )
            ]
        )
    rounds = zip_longest(*ranked)
    return [choice for turn in rounds for choice in turn if choice is not None][:limit]


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


def _rank(values: NDArray[np.float64], at: Indices, side: Literal["left", "right"]) -> Indices:
    """How many of the values are below each of some; `right`: not above it."""
    return np.searchsorted(np.sort(values), values[at], side)
