"""What selection has worked out and would rather not work out again in the next run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neufs_tui.selection import kmedoids
from neufs_tui.selection.jaccard import Indices, NeuronSets
from neufs_tui.selection.kmedoids import Clustering


@dataclass(frozen=True, slots=True)
class LabelPath:
    """The geometry behind some labels, and the free medoids on the way to it."""

    labelled: tuple[int, ...]
    """Places, in labelling order."""
    nearest: Indices
    """Index into `labelled` of each example's nearest, shape (n,)."""
    label_distances: NDArray[np.float64]
    """Jaccard distance to it, shape (n,)."""
    free: tuple[Indices, ...]
    """Free medoids before the first label, behind one label, and so on to all of them."""


class Memory(Protocol):
    """Keeps it by the neuron sets, the number of clusters and the seed that it follows from."""

    def fit(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> Clustering:
        """What `kmedoids.fit` returns."""

    def recall(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> LabelPath | None:
        """The path kept last; None if there is none."""

    def keep(self, sets: NeuronSets, n_clusters: int, *, seed: int, path: LabelPath) -> None:
        """Keep a path in place of the one kept before."""


class _NotKept:
    """Forgets everything."""

    def fit(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> Clustering:
        """Cluster anew."""
        return kmedoids.fit(sets, n_clusters, seed=seed)

    def recall(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> None:
        """Nothing is kept."""

    def keep(self, sets: NeuronSets, n_clusters: int, *, seed: int, path: LabelPath) -> None:
        """Keep nothing."""


NOT_KEPT: Memory = _NotKept()
