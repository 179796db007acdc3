"""Incremental selection: labelled examples are fixed medoids, the rest is clustered beside them.

Every state is a value computed from the one before it and one decision, so the geometry is a
function of (sets, difficulty, settings, ordered decisions): undo is the earlier state, and a
look ahead is a state nobody has reached yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.records import DecisionKind
from neufs_tui.selection import kmedoids
from neufs_tui.selection.batch import in_rounds
from neufs_tui.selection.difficulty import SignalValues
from neufs_tui.selection.jaccard import Indices, NeuronSets
from neufs_tui.selection.kmedoids import Clustering, Fit
from neufs_tui.selection.strategy import Choice, SelectionState

Steps = tuple[tuple[int, DecisionKind], ...]
"""Places decided, in order, and how."""

_SEED_CANDIDATES = 256
"""Examples looked at as the seed of a new free cluster."""
_SEED_SAMPLE = 256
"""Examples by which they are compared first."""
_SEED_FINALISTS = 8
"""Of them, those compared by the whole pool."""
_REMEMBERED = 16
"""Geometries kept, for undo, redo and looking ahead."""


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

    @property
    def decided(self) -> NDArray[np.intp]:
        """Places of the labelled and the skipped."""
        return np.array([*self.labelled, *sorted(self.skipped)], dtype=np.intp)


class Neufs:
    """NeuFS as its labels come in: each decision changes what is chosen next.

    Source: Chen et al., NeuFS, for the score in a cluster; the rest is this project's own.
    """

    def __init__(self) -> None:
        """Begin without a geometry; the last ones of the last pool are remembered."""
        self._selection: IncrementalSelection | None = None
        self._settings: tuple[int, float, int] | None = None
        self._geometries: dict[Steps, Geometry] = {}

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """The best candidates of each free cluster in turn, then what the labels cover."""
        return self._follow(state).ranking(self.geometry(state), n, state.by(state.signal))

    def geometry(self, state: SelectionState) -> Geometry:
        """Replay the state's decisions, from the longest beginning remembered."""
        selection = self._follow(state)
        steps = tuple((place, decision.kind) for place, decision in state.decisions)
        known = len(steps)
        while steps[:known] not in self._geometries:
            known -= 1
        geometry = self._geometries[steps[:known]]
        for length in range(known, len(steps)):
            geometry = selection.after(geometry, *steps[length])
            self._geometries[steps[: length + 1]] = geometry
        while len(self._geometries) > _REMEMBERED:
            oldest = next(beginning for beginning in self._geometries if beginning)
            del self._geometries[oldest]
        return geometry

    def _follow(self, state: SelectionState) -> IncrementalSelection:
        """The rules on the state's pool; on another one, geometries begin anew."""
        settings = (state.settings.shots, state.settings.tau, state.settings.seed)
        selection = self._selection
        if selection is None or selection.sets is not state.sets or self._settings != settings:
            shots, tau, seed = self._settings = settings
            self._selection = selection = IncrementalSelection(
                state.sets, shots=shots, tau=tau, seed=seed, fit=state.readings.pool.fit
            )
            self._geometries = {(): selection.start()}
        return selection


class IncrementalSelection:
    """The rules by which decisions change the geometry, and the geometry the next pick."""

    def __init__(
        self,
        sets: NeuronSets,
        *,
        shots: int,
        tau: float,
        seed: int,
        fit: Fit = kmedoids.fit,
    ) -> None:
        """Bind the scan and the settings.

        Args:
            sets: n ≥ 1 neuron sets, in an order that does not depend on the pool's.
            shots: demonstrations wanted.
            tau: weight of difficulty against typicality.
            seed: seed of the first clustering.
            fit: makes it.
        """
        self.sets = sets
        self._shots = shots
        self._tau = tau
        self._seed = seed
        self._fit = fit

    def start(self) -> Geometry:
        """The geometry before any decision: the paper's batch clustering."""
        clustering = self._fit(self.sets, min(self._shots, len(self.sets)), seed=self._seed)
        return Geometry(
            labelled=(),
            skipped=frozenset(),
            clustering=clustering,
            label_distances=np.ones(len(self.sets)),
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
        return Geometry(
            labelled=labelled,
            skipped=geometry.skipped - {place},
            clustering=clustering,
            label_distances=label_distances,
        )

    def ranking(self, geometry: Geometry, limit: int, difficulty: SignalValues) -> list[Choice]:
        """The best candidates, best first, `limit` of them where there are as many.

        Args:
            geometry: what the decisions have made of the pool.
            limit: candidates wanted.
            difficulty: Q(x) as it is known by now, comparable across examples.

        The free clusters come in turn, the one with the most uncovered mass Σ d_L(x) first:
        first the best of each cluster, by the paper's score, then the second of each, and so on.
        Candidates nearer to a labelled example than to any free medoid follow, the farthest from
        a label first. Ties go to the earlier place.
        """
        clustering = geometry.clustering
        undecided = np.ones(len(self.sets), dtype=bool)
        undecided[geometry.decided] = False
        clusters = self._clusters_by_mass(geometry)
        ranked = in_rounds(clustering, clusters, difficulty, undecided, tau=self._tau, limit=limit)
        covered = np.flatnonzero(undecided & (clustering.labels < clustering.n_fixed))
        farthest = np.argsort(-geometry.label_distances[covered], kind="stable")
        covered = covered[farthest[: limit - len(ranked)]]
        ranked.extend(
            Choice(place=int(place), distance=float(clustering.distances[place]))
            for place in covered
        )
        return ranked

    def _clusters_by_mass(self, geometry: Geometry) -> list[int]:
        """The free clusters, the one with the most uncovered mass first."""
        clustering = geometry.clustering
        return sorted(
            range(clustering.n_fixed, len(clustering.medoids)),
            key=lambda one: -float(geometry.label_distances[clustering.members(one)].sum()),
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
