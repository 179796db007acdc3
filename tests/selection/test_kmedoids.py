"""Clusterings, with exhaustive search as the judge where it can be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.selection import kmedoids
from neufs_tui.selection.jaccard import NeuronSets

NONE = np.empty(0, dtype=np.intp)


def random_sets(seed: int, n: int, n_neurons: int = 60) -> NeuronSets:
    rng = np.random.default_rng(seed)
    return NeuronSets(
        [rng.permutation(n_neurons)[: rng.integers(5, 20)].astype(np.uint32) for _ in range(n)]
    )


@given(st.integers(0, 10_000), st.integers(1, 30), st.data())
@settings(deadline=None)
def test_every_cluster_is_there_and_everyone_is_at_the_nearest_medoid(
    seed: int, n: int, data: st.DataObject
) -> None:
    sets = random_sets(seed, n)
    n_clusters = data.draw(st.integers(1, n))
    clustering = kmedoids.fit(sets, n_clusters, seed=seed)
    assert len(set(clustering.medoids.tolist())) == n_clusters
    assert all(len(clustering.members(cluster)) for cluster in range(n_clusters))
    rows = sets.distances(clustering.medoids, None)
    np.testing.assert_array_equal(clustering.distances, rows.min(axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_no_choice_of_medoids_is_better_on_small_pools(seed: int) -> None:
    sets = random_sets(seed, 12)
    table = sets.distances(np.arange(12), None)
    best = min(table[list(medoids)].min(axis=0).sum() for medoids in combinations(range(12), 3))
    assert kmedoids.fit(sets, 3, seed=seed).inertia == pytest.approx(best)


def test_equal_seeds_give_equal_clusterings() -> None:
    sets = random_sets(3, 40)
    one, other = (kmedoids.fit(sets, 5, seed=11) for _ in range(2))
    np.testing.assert_array_equal(one.medoids, other.medoids)
    np.testing.assert_array_equal(one.labels, other.labels)


def test_more_clusters_than_distinct_sets_still_gives_as_many() -> None:
    sets = NeuronSets([np.array([1, 2, 3], dtype=np.uint32)] * 6)
    clustering = kmedoids.fit(sets, 4, seed=0)
    assert len(set(clustering.medoids.tolist())) == 4
    assert all(len(clustering.members(cluster)) for cluster in range(4))


def test_fixed_medoids_stay_and_free_ones_settle() -> None:
    sets = random_sets(5, 50)
    fixed, free = np.array([3, 17]), np.array([8, 29, 40])
    clustering = kmedoids.settle(sets, fixed, free)
    assert clustering.medoids[:2].tolist() == [3, 17]
    assert clustering.n_fixed == 2
    before = kmedoids.assign(sets, fixed, free)
    assert clustering.inertia <= before.inertia
    for cluster in range(2, 5):
        members = clustering.members(cluster)
        sums = sets.distances(members, members).sum(axis=1)
        medoid = int(np.flatnonzero(members == clustering.medoids[cluster])[0])
        assert sums[medoid] == pytest.approx(sums.min())


def alike_sets(seed: int, n: int) -> NeuronSets:
    """Sets as real pools have them: a common core, a group's own neurons, and some of nobody's."""
    rng = np.random.default_rng(seed)
    sets = []
    for _ in range(n):
        core = rng.choice(200, 150, replace=False)
        group = 200 + 80 * rng.integers(3) + rng.choice(80, 40, replace=False)
        own = 440 + rng.choice(500, rng.integers(0, 30), replace=False)
        sets.append(np.concatenate([core, group, own]).astype(np.uint32))
    return NeuronSets(sets)


@pytest.mark.parametrize("seed", range(4))
def test_screening_a_large_cluster_finds_its_medoid(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = alike_sets(seed, 900)
    everyone = np.arange(900)
    sums = sets.distances(everyone, everyone).sum(axis=1)
    monkeypatch.setattr(kmedoids, "EXHAUSTIVE_LIMIT", 32)
    clustering = kmedoids.settle(sets, NONE, np.array([0]))
    assert sums[clustering.medoids[0]] == sums.min()


def test_similarity_estimates_are_exact_where_sizes_and_intersections_are_equal() -> None:
    sets = NeuronSets([np.array([0, 1, 2 + place], dtype=np.uint32) for place in range(6)])
    others = (1 + 5 * 0.5) / 6
    estimate = sets.mean_similarity_estimates(np.arange(6))
    shared = (3 + 5 * 2) / 6
    np.testing.assert_allclose(estimate, shared / (6 - shared))
    np.testing.assert_allclose(estimate, others, atol=0.02)


@pytest.mark.parametrize("n_clusters", [0, 8])
def test_impossible_numbers_of_clusters_are_refused(n_clusters: int) -> None:
    with pytest.raises(ValueError, match="clusters of 7 examples"):
        kmedoids.fit(random_sets(0, 7), n_clusters, seed=0)


def test_without_medoids_to_move_settling_only_assigns() -> None:
    sets = random_sets(1, 10)
    clustering = kmedoids.settle(sets, np.array([4]), NONE)
    assert set(clustering.labels.tolist()) == {0}
