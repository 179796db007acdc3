"""A clustering from a file is the one that would be made."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.engine import kept_selection
from neufs_tui.engine.kept_selection import KeptSelection
from neufs_tui.selection import kmedoids
from neufs_tui.selection.jaccard import NeuronSets
from neufs_tui.selection.kmedoids import Clustering


@pytest.fixture(autouse=True)
def _small_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_selection, "_WORTH_KEEPING", 20)


def sets_of(seed: int, n: int = 60) -> NeuronSets:
    rng = np.random.default_rng(seed)
    return NeuronSets([rng.permutation(90)[:12].astype(np.uint32) for _ in range(n)])


def same(one: Clustering, other: Clustering) -> bool:
    return one.n_fixed == other.n_fixed and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("medoids", "labels", "distances")
    )


def refuse(*_: object, **__: object) -> Clustering:
    raise AssertionError("clustered again")


@pytest.mark.parametrize(("n_clusters", "seed"), [(4, 0), (4, 1), (7, 0)])
def test_it_is_made_once_for_the_same_sets_and_settings(
    n_clusters: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptSelection(tmp_path)
    made = kept.fit(sets_of(3), n_clusters, seed=seed)
    assert same(made, kmedoids.fit(sets_of(3), n_clusters, seed=seed))
    monkeypatch.setattr(kmedoids, "fit", refuse)
    assert same(kept.fit(sets_of(3), n_clusters, seed=seed), made)
    for other in ((sets_of(4), n_clusters, seed), (sets_of(3), 5, seed), (sets_of(3), 4, 9)):
        with pytest.raises(AssertionError, match="clustered again"):
            kept.fit(other[0], other[1], seed=other[2])


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    kept = KeptSelection(tmp_path)
    made = kept.fit(sets_of(1), 4, seed=0)
    (file,) = tmp_path.glob("*.npz")
    for damage in (b"", file.read_bytes()[:200], b"PK"):
        file.write_bytes(damage)
        assert same(kept.fit(sets_of(1), 4, seed=0), made)
        assert [*tmp_path.iterdir()] == [file]


def test_few_are_kept_and_those_used_lately_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_selection, "_MOST", 3)
    kept = KeptSelection(tmp_path)
    for seed in (0, 1, 2, 0, 3, 4):
        for file in tmp_path.glob("*.npz"):  # a while passes
            times = file.stat()
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns - 10**9))
        kept.fit(sets_of(1), 4, seed=seed)
    assert len([*tmp_path.glob("*.npz")]) == 3
    monkeypatch.setattr(kmedoids, "fit", refuse)
    kept.fit(sets_of(1), 4, seed=0)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    made = KeptSelection(tmp_path / "taken" / "inside").fit(sets_of(1), 4, seed=0)
    assert same(made, kmedoids.fit(sets_of(1), 4, seed=0))
