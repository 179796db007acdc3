"""Distances on a device are those of the CPU, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.model import device_sets
from neufs_tui.model.device_sets import DeviceNeuronSets
from neufs_tui.selection import kmedoids
from neufs_tui.selection.jaccard import NeuronSets

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
        ],
    ),
]


def random_sets(seed: int, n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(90)[: rng.integers(0, 40)].astype(np.uint32) for _ in range(n)]


@pytest.mark.parametrize("device", DEVICES)
@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(deadline=None)
def test_distances_and_sums_are_the_same(device: str, seed: int, n: int) -> None:
    sets = random_sets(seed, n)
    here, there = NeuronSets(sets), DeviceNeuronSets(NeuronSets(sets), torch.device(device))
    rows, columns = np.arange(0, n, 2), np.arange(0, n, 3)
    np.testing.assert_array_equal(there.distances(rows, columns), here.distances(rows, columns))
    np.testing.assert_array_equal(there.distances(rows, None), here.distances(rows, None))
    np.testing.assert_allclose(
        there.distance_sums(rows, columns), here.distance_sums(rows, columns), rtol=1e-12
    )


@pytest.mark.parametrize("device", DEVICES)
def test_the_clustering_is_the_same(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_sets, "_CELLS", 500)  # many parts
    sets = random_sets(1, 120)
    here = kmedoids.fit(NeuronSets(sets), 6, seed=0)
    there = kmedoids.fit(DeviceNeuronSets(NeuronSets(sets), torch.device(device)), 6, seed=0)
    np.testing.assert_array_equal(there.medoids, here.medoids)
    np.testing.assert_array_equal(there.labels, here.labels)
