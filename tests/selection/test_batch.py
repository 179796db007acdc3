"""Batch selection: the paper's score, and the recorded picks of the reference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.records import DecisionKind
from neufs_tui.selection import kmedoids
from neufs_tui.selection.batch import NeufsBatch, cluster_scores
from neufs_tui.selection.jaccard import NeuronSets
from tests.selection.values import captures_of, state_of

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP


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
    state = state_of(captures_of(40), shots=7, seed=3)
    picks = NeufsBatch().query(state, 7)
    clustering = kmedoids.fit(state.sets, 7, seed=3)
    assert [pick.medoid for pick in picks] == clustering.medoids.tolist()
    assert [clustering.labels[pick.place] for pick in picks] == list(range(7))
    assert len({pick.place for pick in picks}) == 7
    for pick in picks:
        distance = state.sets.distances(np.array([pick.place]), np.array([pick.medoid]))[0, 0]
        assert pick.distance == pytest.approx(distance)


def test_the_batch_stays_as_it_is_while_it_is_asked_about() -> None:
    captures = captures_of(40)
    batch = [choice.place for choice in NeufsBatch().query(state_of(captures, shots=5), 40)]
    skipped, labelled = batch[1], batch[0]
    decided = ((labelled, LABEL), (skipped, SKIP))
    again = {state_of(captures).ids[place]: captures_of(60)[place] for place in range(20)}
    state = state_of(captures, decided, reread=again, shots=5)
    assert [choice.place for choice in NeufsBatch().query(state, 40)] == batch[2:]


def test_once_the_batch_is_used_up_the_second_best_of_each_cluster_follow() -> None:
    captures = captures_of(40)
    whole = NeufsBatch().query(state_of(captures, shots=5), 40)
    medoids = [choice.medoid for choice in whole]
    assert medoids[:5] == medoids[5:10]
    decided = [(choice.place, LABEL) for choice in whole[:5]]
    after = NeufsBatch().query(state_of(captures, decided, shots=5), 5)
    assert after == whole[5:10]
    for first, second in zip(whole[:5], whole[5:10], strict=True):
        assert first.score is not None and second.score is not None
        assert first.score >= second.score


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
