"""What the labels have made of a pool: the nearest label of each example, and free medoids.

A geometry is a value, computed from the one before it and one label, and back: so it is a function
of (sets, settings, ordered labels), undo is the earlier value, and a look ahead is a value that
nobody has reached yet. Going back needs no replay: every value knows the free medoids of those
before it, and the nearest label of what loses its own is looked up among the labels that stay.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neufs_tui.selection.jaccard import Indices, NeuronSets
from neufs_tui.selection.kmedoids import Clustering
from neufs_tui.selection.memory import NOT_KEPT, LabelPath, Memory

VERSION = 1
"""Raised whenever the same labels make another geometry of the same sets."""

Distances = NDArray[np.float64]

_NUDGE_CANDIDATES = 12
"""Members nearest to a medoid that may take its place when a label has moved little."""
_SEED_CANDIDATES = 256
"""Examples looked at as the seed of a new free cluster."""
_SEED_SAMPLE = 256
"""Examples by which they are compared first."""
_SEED_FINALISTS = 8
"""Of them, those compared by the whole pool."""
_AT_ONCE = 1 << 22
"""Distances computed at once where an example looks for another label."""
_MORE_ROWS = 8
"""Rows of distances kept beside those of the free medoids."""
_WORTH_KEEPING = 32
"""Labels by which a geometry differs from the one kept last before it is kept in its place."""


@dataclass(frozen=True, slots=True)
class Step:
    """The free medoids behind some labels, and the step before."""

    free: Indices
    before: Step | None


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a sequence of labels has made of the pool; places count from 0 in the sets."""

    labelled: tuple[int, ...]
    """In labelling order."""
    nearest: Indices
    """Index into `labelled` of each example's nearest, shape (n,); ties go to the earlier one, and
    each labelled example is its own; −1 without labels."""
    label_distances: Distances
    """d_L(x), Jaccard distance to it, shape (n,); 1 without labels."""
    clustering: Clustering
    """The labelled examples as fixed medoids, then the free ones."""
    step: Step
    """The free medoids, and those of all geometries before this one."""


class Labelling:
    """The rules by which labels change the geometry of one pool."""

    def __init__(
        self, sets: NeuronSets, *, shots: int, seed: int, memory: Memory = NOT_KEPT
    ) -> None:
        """Bind the scan and the settings.

        Args:
            sets: n ≥ 1 neuron sets, in an order that does not depend on the pool's.
            shots: demonstrations wanted.
            seed: seed of the first clustering.
            memory: makes it, and keeps it and the geometry from one run to the next.
        """
        self.sets = sets
        self._shots = shots
        self._seed = seed
        self._memory = memory
        self._n_kept = 0
        """Labels of the geometry kept last."""
        self._rows: OrderedDict[int, Distances] = OrderedDict()
        """Distances of all examples to those asked about last."""

    def start(self) -> Geometry:
        """The geometry before any label: the paper's batch clustering."""
        n, clustering = len(self.sets), self._first
        step = Step(clustering.medoids, None)
        return Geometry((), np.full(n, -1), np.ones(n), clustering, step)

    def kept(self) -> Geometry | None:
        """The geometry kept by an earlier run; None if there is none."""
        path = self._memory.recall(self.sets, self._n_clusters, seed=self._seed)
        if path is None:
            return None
        self._n_kept = len(path.labelled)
        step: Step | None = None
        for free in path.free:
            step = Step(free, step)
        assert step is not None  # there is one more of them than labels
        return self._geometry(path.labelled, path.nearest, path.label_distances, step)

    def keep(self, geometry: Geometry) -> None:
        """Let later runs begin with this geometry, once it differs enough from what they have."""
        n_labels = len(geometry.labelled)
        if abs(n_labels - self._n_kept) < _WORTH_KEEPING:
            return
        self._n_kept = n_labels
        free = [step.free for step in _steps(geometry.step)]
        path = LabelPath(
            geometry.labelled, geometry.nearest, geometry.label_distances, tuple(free[::-1])
        )
        self._memory.keep(self.sets, self._n_clusters, seed=self._seed, path=path)

    def after(self, geometry: Geometry, place: int) -> Geometry:
        """The geometry once `place` is labelled too."""
        row = self._row(place)
        nearest, label_distances = geometry.nearest.copy(), geometry.label_distances.copy()
        nearer = row < label_distances if geometry.labelled else np.ones(len(row), dtype=bool)
        nearer[place] = True
        nearest[nearer], label_distances[nearer] = len(geometry.labelled), row[nearer]
        labelled = (*geometry.labelled, place)
        free = self._free_medoids(geometry, place, label_distances)
        settled = self._settled(labelled, nearest, label_distances, free)
        step = Step(settled.medoids[len(labelled) :], geometry.step)
        return Geometry(labelled, nearest, label_distances, settled, step)

    def before(self, geometry: Geometry) -> Geometry:
        """The geometry without the last label."""
        labelled = geometry.labelled[:-1]
        step = geometry.step.before
        assert step is not None  # each label made a step
        nearest, label_distances = geometry.nearest.copy(), geometry.label_distances.copy()
        alone = np.flatnonzero(nearest == len(labelled))
        if labelled:
            kept = np.array(labelled, dtype=np.intp)
            for places in np.array_split(alone, -(-len(alone) * len(kept) // _AT_ONCE)):
                rows = self.sets.distances(kept, places)  # (labels, places)
                nearest[places] = rows.argmin(axis=0)
                label_distances[places] = rows.min(axis=0)
        else:
            nearest[alone], label_distances[alone] = -1, 1.0
        return self._geometry(labelled, nearest, label_distances, step)

    @cached_property
    def _first(self) -> Clustering:
        return self._memory.fit(self.sets, self._n_clusters, seed=self._seed)

    @property
    def _n_clusters(self) -> int:
        return min(self._shots, len(self.sets))

    def _geometry(
        self, labelled: tuple[int, ...], nearest: Indices, label_distances: Distances, step: Step
    ) -> Geometry:
        if not labelled:
            return self.start()
        clustering = self._clustering(labelled, nearest, label_distances, step.free)
        return Geometry(labelled, nearest, label_distances, clustering, step)

    def _row(self, place: int) -> Distances:
        """The distance of every example to one of them, shape (n,); not to be changed."""
        if place not in self._rows:
            self._rows[place] = self.sets.distances_to(place)
        self._rows.move_to_end(place)
        while len(self._rows) > self._shots + _MORE_ROWS:
            self._rows.popitem(last=False)
        return self._rows[place]

    def _clustering(
        self,
        labelled: tuple[int, ...],
        nearest: Indices,
        label_distances: Distances,
        free: Indices,
    ) -> Clustering:
        """Every example at its nearest label or free medoid: what `kmedoids.assign` gives."""
        labels, distances = nearest.copy(), label_distances.copy()
        for index, medoid in enumerate(free.tolist(), start=len(labelled)):
            row = self._row(medoid)
            nearer = row < distances
            labels[nearer], distances[nearer] = index, row[nearer]
        medoids = np.concatenate([np.array(labelled, dtype=np.intp), free])
        labels[medoids], distances[medoids] = np.arange(len(medoids)), 0.0
        return Clustering(medoids, len(labelled), labels, distances)

    def _settled(
        self,
        labelled: tuple[int, ...],
        nearest: Indices,
        label_distances: Distances,
        free: Indices,
    ) -> Clustering:
        """One medoid update from the given free medoids, if it lowers the inertia."""
        start = self._clustering(labelled, nearest, label_distances, free)
        moved = free.copy()
        for index in range(len(free)):
            members = start.members(len(labelled) + index)
            by_distance = np.argsort(start.distances[members], kind="stable")
            candidates = members[np.sort(by_distance[:_NUDGE_CANDIDATES])]
            moved[index] = candidates[self.sets.distance_sums(candidates, members).argmin()]
        if np.array_equal(moved, free):
            return start
        candidate = self._clustering(labelled, nearest, label_distances, moved)
        return candidate if candidate.inertia < start.inertia else start

    def _free_medoids(self, geometry: Geometry, place: int, label_distances: Distances) -> Indices:
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
        self, label_distances: Distances, geometry: Geometry, place: int, free: Indices
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

    def _gains(self, label_distances: Distances, places: Indices, among: Indices) -> Distances:
        """By how much each of some examples as a medoid would lower Σ d_L over some others."""
        distances = self.sets.distances(places, among)
        gains: Distances = np.maximum(label_distances[among] - distances, 0).sum(axis=1)
        return gains


def _steps(step: Step | None) -> Iterator[Step]:
    """A step and all before it."""
    while step is not None:
        yield step
        step = step.before
