"""Incremental selection: labelled examples are fixed medoids, the rest is clustered beside them.

Every state is a value computed from the one before it and one decision, so the geometry is a
function of (sets, difficulty, settings, ordered decisions): undo is the earlier state, and a
look ahead is a state nobody has reached yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.records import DecisionKind
from neufs_tui.selection import kmedoids
from neufs_tui.selection.batch import cluster_scores
from neufs_tui.selection.jaccard import Bits, Indices, NeuronSets
from neufs_tui.selection.kmedoids import Clustering

_SEED_CANDIDATES = 256
"""Examples looked at as the seed of a new free cluster."""
_SEED_SAMPLE = 256
"""Examples by which they are compared first."""
_SEED_FINALISTS = 8
"""Of them, those compared by the whole pool."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a sequence of decisions has made of the pool; places count from 0 in the sets."""

    labelled: tuple[int, ...]
    """In labelling order."""
    skipped: frozenset[int]
    """Out of the candidates, still part of the geometry."""
    clustering: Clustering
    """The labelled examples as fixed medoids, then the free ones."""
    label_distances: NDArray[np.float64]
    """d_L(x), Jaccard distance to the nearest labelled example, shape (n,); 1 without labels."""
    coverage: Bits
    """Union of the labelled examples' neuron sets, packed."""
    gains: tuple[int, ...] = ()
    """Neurons that each labelled example added to the coverage, in labelling order."""

    @property
    def decided(self) -> NDArray[np.intp]:
        """Places of the labelled and the skipped."""
        return np.array([*self.labelled, *sorted(self.skipped)], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Choice:
    """One candidate for the next label."""

    place: int
    n_members: int
    """Size of its free cluster, the neighbourhood it stands for; 0 for one nearer to a label."""
    distance: float
    """Jaccard distance to its nearest medoid."""
    score: float
    """The score that ranks it inside its cluster, in [0, 1]."""
    n_farther: int = 0
    """Members of its cluster that are farther from the medoid; 0 where tau gives it no weight."""
    n_easier: int = 0
    """Members of its cluster that are less hard; 0 where tau gives that no weight."""


class IncrementalSelection:
    """The rules by which decisions change the geometry, and the geometry the next pick."""

    def __init__(
        self,
        sets: NeuronSets,
        *,
        shots: int,
        tau: float,
        seed: int,
    ) -> None:
        """Bind the scan and the settings.

        Args:
            sets: n ≥ 1 neuron sets, in an order that does not depend on the pool's.
            shots: demonstrations wanted.
            tau: weight of difficulty against typicality.
            seed: seed of the first clustering.
        """
        self.sets = sets
        self._shots = shots
        self._tau = tau
        self._seed = seed

    def start(self) -> Geometry:
        """The geometry before any decision: the paper's batch clustering."""
        clustering = kmedoids.fit(self.sets, min(self._shots, len(self.sets)), seed=self._seed)
        return Geometry(
            labelled=(),
            skipped=frozenset(),
            clustering=clustering,
            label_distances=np.ones(len(self.sets)),
            coverage=self.sets.no_coverage(),
        )

    def after(self, geometry: Geometry, place: int, kind: DecisionKind) -> Geometry:
        """The geometry once `place` is labelled or skipped."""
        if kind is DecisionKind.SKIP:
            return replace(geometry, skipped=geometry.skipped | {place})
        labelled = (*geometry.labelled, place)
        label_distances = np.minimum(geometry.label_distances, self.sets.distances_to(place))
        fixed = np.array(labelled, dtype=np.intp)
        free = self._free_medoids(geometry, place, label_distances)
        clustering = kmedoids.nudge(self.sets, geometry.clustering, fixed, free)
        added = self.sets.bits[place] & ~geometry.coverage
        return Geometry(
            labelled=labelled,
            skipped=geometry.skipped - {place},
            clustering=clustering,
            label_distances=label_distances,
            coverage=geometry.coverage | self.sets.bits[place],
            gains=(*geometry.gains, int(np.bitwise_count(added).sum(dtype=np.int64))),
        )

    def ranking(
        self, geometry: Geometry, limit: int, difficulty: NDArray[np.float64]
    ) -> list[Choice]:
        """The best candidates, best first, `limit` of them where there are as many.

        Args:
            geometry: what the decisions have made of the pool.
            limit: candidates wanted.
            difficulty: Q(x) as it is known by now, comparable across examples, shape (n,).

        The free clusters come in turn, the one with the most uncovered mass Σ d_L(x) first:
        first the best of each cluster, by the paper's score, then the second of each, and so on.
        Candidates nearer to a labelled example than to any free medoid follow, the farthest from
        a label first. Ties go to the earlier place.
        """
        undecided = np.ones(len(self.sets), dtype=bool)
        undecided[geometry.decided] = False
        rounds: list[tuple[int, int, Choice]] = []
        for turn, members in enumerate(self._clusters_by_mass(geometry)):
            distances, hardness = geometry.clustering.distances[members], difficulty[members]
            scores = cluster_scores(hardness, distances, tau=self._tau)
            order = np.argsort(-scores, kind="stable")
            candidates = order[undecided[members[order]]][:limit]
            n_farther = len(members) - _rank(distances, candidates, "right")
            n_easier = _rank(hardness, candidates, "left")
            for nth, at in enumerate(candidates):
                choice = Choice(
                    place=int(members[at]),
                    n_members=len(members),
                    distance=float(distances[at]),
                    score=float(scores[at]),
                    n_farther=int(n_farther[nth]) if self._tau < 1 else 0,
                    n_easier=int(n_easier[nth]) if self._tau > 0 else 0,
                )
                rounds.append((nth, turn, choice))
            undecided[members] = False
        ranked = [choice for _, _, choice in sorted(rounds, key=lambda item: item[:2])][:limit]
        covered = np.flatnonzero(undecided)
        farthest = np.argsort(-geometry.label_distances[covered], kind="stable")
        covered = covered[farthest[: limit - len(ranked)]]
        ranked.extend(self._covered_choice(geometry, int(place)) for place in covered)
        return ranked

    def _clusters_by_mass(self, geometry: Geometry) -> list[Indices]:
        """Members of each free cluster, the one with the most uncovered mass first."""
        clustering = geometry.clustering
        free = range(clustering.n_fixed, len(clustering.medoids))
        return sorted(
            (clustering.members(cluster) for cluster in free),
            key=lambda members: -float(geometry.label_distances[members].sum()),
        )

    def _covered_choice(self, geometry: Geometry, place: int) -> Choice:
        clustering = geometry.clustering
        return Choice(
            place=place,
            n_members=0,
            distance=float(clustering.distances[place]),
            score=0.0,
        )

    def _free_medoids(
        self, geometry: Geometry, place: int, label_distances: NDArray[np.float64]
    ) -> Indices:
        """Free medoids to begin with after `place` is labelled.

        The medoid whose cluster held `place` leaves, so that as many stay as shots are left; if
        `place` was covered already, the one nearest to it leaves. When the last one leaves, a
        new one is built where it lowers the uncovered mass most.
        """
        n_labelled = len(geometry.labelled) + 1
        wanted = min(max(1, self._shots - n_labelled), len(self.sets) - n_labelled)
        if wanted <= 0:
            return np.empty(0, dtype=np.intp)
        clustering = geometry.clustering
        free = clustering.medoids[clustering.n_fixed :]
        free = free[free != place]
        while len(free) > wanted:
            cluster = int(clustering.labels[place])
            leaving = clustering.medoids[cluster]
            if leaving not in free:
                leaving = free[self.sets.distances(free, np.array([place]))[:, 0].argmin()]
            free = free[free != leaving]
        while len(free) < wanted:
            free = np.append(free, self._build(label_distances, geometry, place, free))
        return free

    def _build(
        self,
        label_distances: NDArray[np.float64],
        geometry: Geometry,
        place: int,
        free: Indices,
    ) -> int:
        """PAM's BUILD step over the examples farthest from any label.

        Source: Kaufman and Rousseeuw, Finding Groups in Data, 1990, chapter 2.
        """
        uncovered = label_distances.copy()
        uncovered[[*geometry.labelled, place, *free]] = -1
        farthest = np.argsort(-uncovered, kind="stable")[:_SEED_CANDIDATES]
        farthest = farthest[uncovered[farthest] >= 0]
        # Evenly over the order of content hashes, which is as good as at random
        step = max(1, len(self.sets) // _SEED_SAMPLE)
        gains = self._gains(label_distances, farthest, np.arange(0, len(self.sets), step))
        best = np.argsort(-gains, kind="stable")[:_SEED_FINALISTS]
        finalists = farthest[np.sort(best)]
        gains = self._gains(label_distances, finalists, np.arange(len(self.sets)))
        return int(finalists[gains.argmax()])

    def _gains(
        self, label_distances: NDArray[np.float64], places: Indices, among: Indices
    ) -> NDArray[np.float64]:
        """By how much each of some examples as a medoid would lower Σ d_L over some others."""
        distances = self.sets.distances(places, among)
        gains: NDArray[np.float64] = np.maximum(label_distances[among] - distances, 0).sum(axis=1)
        return gains


def _rank(values: NDArray[np.float64], at: Indices, side: Literal["left", "right"]) -> Indices:
    """How many of the values are below each of some; `right`: not above it."""
    return np.searchsorted(np.sort(values), values[at], side)
