"""First clusterings, kept from one run to the next: of ten thousand texts one takes a minute."""

from __future__ import annotations

import logging
import zipfile
from hashlib import blake2b
from pathlib import Path

import numpy as np

from neufs_tui.atomic import whole_files
from neufs_tui.selection import kmedoids
from neufs_tui.selection.jaccard import NeuronSets
from neufs_tui.selection.kmedoids import Clustering

logger = logging.getLogger(__name__)

_WORTH_KEEPING = 500
"""Examples below which clustering takes no longer than reading a file."""
_MOST = 32
"""Clusterings kept; the ones used least lately go first."""


class KeptClusterings:
    """Clusterings by what they were made of, so that none is ever out of date."""

    def __init__(self, folder: Path) -> None:
        """Bind the folder; it need not be there."""
        self._folder = folder

    def fit(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> Clustering:
        """What `kmedoids.fit` returns, from a file where it was asked for before."""
        if len(sets) < _WORTH_KEEPING:
            return kmedoids.fit(sets, n_clusters, seed=seed)
        path = self._folder / f"{_digest(sets, n_clusters, seed)}.npz"
        try:
            with np.load(path, allow_pickle=False) as kept:
                clustering = Clustering(kept["medoids"], 0, kept["labels"], kept["distances"])
            path.touch()
        except FileNotFoundError:
            pass
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            logger.warning("%s is made again: %s", path, error)
        else:
            return clustering
        clustering = kmedoids.fit(sets, n_clusters, seed=seed)
        try:
            self._keep(path, clustering)
        except OSError as error:
            logger.warning("%s cannot be kept: %s", path, error)
        return clustering

    def _keep(self, path: Path, clustering: Clustering) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with whole_files(path) as (part,), part.open("wb") as stream:
            np.savez(
                stream,
                medoids=clustering.medoids,
                labels=clustering.labels,
                distances=clustering.distances,
            )
        by_age = sorted(self._folder.glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
        for old in by_age[:-_MOST]:
            old.unlink(missing_ok=True)


def _digest(sets: NeuronSets, n_clusters: int, seed: int) -> str:
    """Of everything that the clustering follows from."""
    made_of = blake2b(repr((kmedoids.VERSION, n_clusters, seed, sets.bits.shape)).encode())
    made_of.update(sets.bits.tobytes())
    return made_of.hexdigest()[:32]
