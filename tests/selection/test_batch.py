"""Batch selection: the paper's score, and the recorded picks of the reference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.errors import SelectionError
from neufs_tui.selection import kmedoids
from neufs_tui.selection.batch import cluster_scores, select_batch
from neufs_tui.selection.jaccard import NeuronSets
from tests.selection.test_kmedoids import random_sets


@pytest.mark.parametrize(
    ("tau", "scores"), [(0.0, [1.0, 0.5, 0.0]), (0.5, [0.5, 0.375, 0.5]), (1.0, [0.0, 0.25, 1.0])]
)
def test_tau_trades_typicality_for_difficulty(tau: float, scores: list[float]) -> None:
    difficulty, distances = np.array([5.0, 6.0, 9.0]), np.array([0.1, 0.3, 0.5])
    np.testing.assert_allclose(cluster_scores(difficulty, distances, tau=tau), scores)


def test_scores_stay_between_zero_and_one_and_equal_values_count_as_zero() -> None:
    same = np.full(4, 3.0)
    np.testing.assert_allclose(cluster_scores(same, same, tau=0.3), 0.7)


def test_exactly_as_many_picks_as_shots_one_from_each_cluster() -> None:
    sets = random_sets(1, 40)
    difficulty = np.random.default_rng(0).normal(size=40)
    picks = select_batch(sets, difficulty, shots=7, tau=0.5, seed=3)
    assert [pick.cluster for pick in picks] == list(range(7))
    assert len({pick.place for pick in picks}) == 7
    for pick in picks:
        distance = sets.distances(np.array([pick.place]), np.array([pick.medoid]))[0, 0]
        assert pick.distance == pytest.approx(distance)


def test_more_shots_than_examples_is_refused_with_both_numbers() -> None:
    with pytest.raises(SelectionError, match="9 examples are wanted and 5 are there"):
        select_batch(random_sets(1, 5), np.zeros(5), shots=9, tau=0.5, seed=0)


@pytest.fixture
def recorded(shared: Path) -> tuple[NeuronSets, np.ndarray, list[dict]]:
    stored = np.load(shared / "reference" / "selection_input.npz")
    active = np.unpackbits(stored["packed"], axis=1)[:, : int(stored["n_neurons"])]
    sets = NeuronSets([np.flatnonzero(row).astype(np.uint32) for row in active])
    outputs = json.loads((shared / "reference" / "selection_output.json").read_text())
    return sets, stored["neuron_count"].astype(float), outputs


def test_recorded_clusters_and_medoids_give_the_recorded_picks(
    recorded: tuple[NeuronSets, np.ndarray, list[dict]],
) -> None:
    sets, counts, outputs = recorded
    for output in outputs:
        labels = np.array(output["labels"])
        picks = []
        for cluster, medoid in enumerate(output["medoids"]):
            members = np.flatnonzero(labels == cluster)
            distances = sets.distances(members, np.array([medoid]))[:, 0]
            scores = cluster_scores(counts[members], distances, tau=output["tau"])
            picks.append(int(members[scores.argmax()]))
        assert picks == output["picks"]


def test_inertia_is_no_worse_than_recorded(
    recorded: tuple[NeuronSets, np.ndarray, list[dict]],
) -> None:
    sets, _, outputs = recorded
    for output in outputs:
        for seed in range(5):
            clustering = kmedoids.fit(sets, output["n_shots"], seed=seed)
            assert clustering.inertia <= output["inertia"]
