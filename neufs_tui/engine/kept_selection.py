"""What selection has worked out, kept from one run to the next: a first clustering of ten thousand
texts takes a minute, and following two thousand labels does too."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from neufs_tui.atomic import whole_files
from neufs_tui.selection import geometry, kmedoids
from neufs_tui.selection.jaccard import NeuronSets
from neufs_tui.selection.kmedoids import Clustering
from neufs_tui.selection.memory import LabelPath

logger = logging.getLogger(__name__)

_WORTH_KEEPING = 500
"""Examples below which nothing takes longer than reading a file."""
_MOST = 64
"""Files kept; the ones used least lately go first."""

Arrays = dict[str, NDArray[np.generic]]
Value = TypeVar("Value")


class KeptSelection:
    """Files by what they were made of, so that none is ever out of date."""

    def __init__(self, folder: Path) -> None:
        """Bind the folder; it need not be there."""
        self._folder = folder
        self._last: tuple[NeuronSets, str] | None = None
        """The sets asked about last, and their digest."""

    def fit(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> Clustering:
        """What `kmedoids.fit` returns, from a file where it was asked for before."""
        path = self._path("clusters", sets, n_clusters, seed, kmedoids.VERSION)
        kept = _read(path, _clustering)
        if kept is not None:
            return kept
        clustering = kmedoids.fit(sets, n_clusters, seed=seed)
        self._write(path, _arrays_of(clustering))
        return clustering

    def recall(self, sets: NeuronSets, n_clusters: int, *, seed: int) -> LabelPath | None:
        """The path that an earlier run kept last; None if none did."""
        return _read(self._path("labels", sets, n_clusters, seed, geometry.VERSION), _label_path)

    def keep(self, sets: NeuronSets, n_clusters: int, *, seed: int, path: LabelPath) -> None:
        """Keep a path for later runs."""
        file = self._path("labels", sets, n_clusters, seed, geometry.VERSION)
        self._write(file, _arrays_of_path(path))

    def _path(
        self, what: str, sets: NeuronSets, n_clusters: int, seed: int, version: int
    ) -> Path | None:
        """The file named after all that its content follows from; None where none is worth it."""
        if len(sets) < _WORTH_KEEPING:
            return None
        if self._last is None or self._last[0] is not sets:
            made_of = blake2b(repr(sets.bits.shape).encode(), digest_size=16)
            made_of.update(sets.bits.tobytes())
            self._last = sets, made_of.hexdigest()
        of = repr((what, version, n_clusters, seed, self._last[1]))
        return self._folder / f"{blake2b(of.encode(), digest_size=16).hexdigest()}.npz"

    def _write(self, path: Path | None, arrays: Arrays) -> None:
        if path is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with whole_files(path) as (part,), part.open("wb") as stream:
                np.savez(stream, **arrays)  # type: ignore[arg-type]  # one of its own names
            by_age = sorted(self._folder.glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
            for old in by_age[:-_MOST]:
                old.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be kept: %s", path, error)


def _read(path: Path | None, value: Callable[[dict[str, Any]], Value]) -> Value | None:
    """What a file holds; None where there is none, or a damaged one."""
    if path is None:
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        path.touch()
        return value(arrays)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        logger.warning("%s is made again: %s", path, error)
        return None


def _arrays_of(clustering: Clustering) -> Arrays:
    names = ("medoids", "labels", "distances")
    return {name: getattr(clustering, name) for name in names}


def _clustering(arrays: dict[str, Any]) -> Clustering:
    return Clustering(arrays["medoids"], 0, arrays["labels"], arrays["distances"])


def _arrays_of_path(path: LabelPath) -> Arrays:
    return {
        "labelled": np.array(path.labelled, dtype=np.intp),
        "nearest": path.nearest,
        "label_distances": path.label_distances,
        "free": np.concatenate(path.free),
        "ends": np.cumsum([len(free) for free in path.free]),
    }


def _label_path(arrays: dict[str, Any]) -> LabelPath:
    return LabelPath(
        labelled=tuple(arrays["labelled"].tolist()),
        nearest=arrays["nearest"],
        label_distances=arrays["label_distances"],
        free=tuple(np.split(arrays["free"], arrays["ends"][:-1])),
    )
