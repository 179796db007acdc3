"""Incremental selection: a function of the ordered decisions, with METHOD's promises."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import Decision, DecisionKind
from neufs_tui.engine.kept_selection import KeptSelection
from neufs_tui.selection import kmedoids
from neufs_tui.selection.batch import NeufsBatch, cluster_scores
from neufs_tui.selection.difficulty import SignalValues
from neufs_tui.selection.geometry import Geometry, Labelling
from neufs_tui.selection.incremental import Neufs, ranking
from neufs_tui.selection.memory import NOT_KEPT, LabelPath
from neufs_tui.selection.strategy import SelectionState
from tests.selection.test_kmedoids import random_sets
from tests.selection.values import captures_of, state_of

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP
Steps = list[tuple[int, DecisionKind]]


def labelling(seed: int = 0, n: int = 40, shots: int = 6) -> Labelling:
    sets = random_sets(seed, n, n_neurons=24)  # few neurons: many ties
    return Labelling(sets, shots=shots, seed=seed)


def difficulty(n: int) -> SignalValues:
    return SignalValues("margin", np.random.default_rng(1).normal(size=n), np.zeros(n, dtype=int))


def ranked(geometry: Geometry, limit: int, decided: Iterable[int]) -> list[int]:
    """Places, best first."""
    n = len(geometry.nearest)
    is_open = ~np.isin(np.arange(n), [*decided])
    return [one.place for one in ranking(geometry, limit, difficulty(n), is_open, tau=0.5)]


def replay(rules: Labelling, labelled: Iterable[int]) -> Geometry:
    geometry = rules.start()
    for place in labelled:
        geometry = rules.after(geometry, place)
    return geometry


def assert_same(one: Geometry, other: Geometry) -> None:
    assert one.labelled == other.labelled
    np.testing.assert_array_equal(one.nearest, other.nearest)
    np.testing.assert_array_equal(one.label_distances, other.label_distances)
    for name in ("medoids", "labels", "distances"):
        ours, theirs = (getattr(each.clustering, name) for each in (one, other))
        np.testing.assert_array_equal(ours, theirs)


def test_with_no_label_the_picks_are_the_batch_picks() -> None:
    state = state_of(captures_of(40), shots=6)
    batch = NeufsBatch().query(state, 6)
    first = Neufs().query(state, 6)
    assert {choice.place for choice in first} == {choice.place for choice in batch}


LABELLED = st.lists(st.integers(0, 24), max_size=24, unique=True)


@given(st.integers(0, 50), LABELLED)
@settings(deadline=None, max_examples=40)
def test_any_labels_leave_a_sound_geometry(seed: int, labelled: list[int]) -> None:
    rules = labelling(seed, n=25, shots=5)
    geometry = replay(rules, labelled)
    assert list(geometry.labelled) == labelled
    table = rules.sets.distances(np.arange(25), None)
    nearest = table[labelled].min(axis=0) if labelled else np.ones(25)
    np.testing.assert_array_equal(geometry.label_distances, nearest)
    medoids = geometry.clustering.medoids
    n_free = min(max(1, 5 - len(labelled)), 25 - len(labelled))
    assert medoids[: len(labelled)].tolist() == labelled
    assert len(medoids) == len(set(medoids.tolist())) == len(labelled) + n_free
    fixed, free = np.split(medoids, [len(labelled)])
    assigned = kmedoids.assign(rules.sets, fixed, free)
    np.testing.assert_array_equal(geometry.clustering.labels, assigned.labels)
    np.testing.assert_array_equal(geometry.clustering.distances, assigned.distances)
    assert sorted(ranked(geometry, 25, labelled)) == sorted(set(range(25)) - set(labelled))


@given(st.integers(0, 50), LABELLED, st.integers(0, 24))
@settings(deadline=None, max_examples=40)
def test_labels_taken_back_were_never_given(seed: int, labelled: list[int], n_back: int) -> None:
    rules = labelling(seed, n=25, shots=5)
    geometry = replay(rules, labelled)
    kept = labelled[: max(0, len(labelled) - n_back)]
    while len(geometry.labelled) > len(kept):
        geometry = rules.before(geometry)
    assert_same(geometry, replay(labelling(seed, n=25, shots=5), kept))


@given(st.integers(0, 20), st.lists(LABELLED, min_size=1, max_size=12))
@settings(deadline=None, max_examples=25)
def test_whatever_was_asked_before_the_answer_is_the_same(
    seed: int, sequences: list[list[int]]
) -> None:
    captures = captures_of(25)
    asked, chosen = Neufs(), state_of(captures, shots=5, seed=seed)
    for labelled in sequences:
        decisions = tuple((place, Decision(chosen.ids[place], LABEL)) for place in labelled)
        state = replace(chosen, decisions=decisions)
        fresh = state_of(captures, shots=5, seed=seed)
        fresh = replace(fresh, decisions=decisions)
        assert_same(asked.geometry(state), Neufs().geometry(fresh))
        assert asked.query(state, 25) == Neufs().query(fresh, 25)


def test_a_later_run_begins_with_what_an_earlier_one_has_kept(tmp_path: Path) -> None:
    sets, order = random_sets(0, 600), list(range(0, 600, 7))
    runs = [Labelling(sets, shots=6, seed=0, memory=KeptSelection(tmp_path)) for _ in range(2)]
    assert runs[0].kept() is None
    geometry = replay(runs[0], order)
    runs[0].keep(geometry)
    kept = runs[1].kept()
    assert kept is not None
    assert_same(kept, geometry)
    assert_same(runs[1].after(kept, 3), runs[0].after(geometry, 3))
    for _ in order:
        kept = runs[1].before(kept)
    assert_same(kept, runs[1].start())


def test_only_a_geometry_that_is_worth_it_is_kept() -> None:
    kept = []

    class Counted(type(NOT_KEPT)):  # type: ignore[misc]
        def keep(self, *_: object, path: LabelPath, **__: object) -> None:
            kept.append(len(path.labelled))

    rules = Labelling(random_sets(0, 90), shots=6, seed=0, memory=Counted())
    geometry = rules.start()
    for place in range(70):
        geometry = rules.after(geometry, place)
        rules.keep(geometry)
    for _ in range(40):
        geometry = rules.before(geometry)
        rules.keep(geometry)
    assert kept == [32, 64, 32]


def test_a_skipped_example_leaves_the_candidates_not_the_geometry() -> None:
    state = state_of(captures_of(40), shots=6)
    first = Neufs().query(state, 1)[0].place
    skipped = replace(state, decisions=((first, Decision(state.ids[first], SKIP)),))
    assert_same(Neufs().geometry(skipped), Neufs().geometry(state))
    assert first not in {choice.place for choice in Neufs().query(skipped, 40)}


def test_the_next_pick_comes_from_the_cluster_with_the_most_uncovered_mass() -> None:
    geometry = replay(labelling(), [4, 9])
    clustering = geometry.clustering
    masses = {
        cluster: geometry.label_distances[clustering.members(cluster)].sum()
        for cluster in range(clustering.n_fixed, len(clustering.medoids))
    }
    heaviest = max(masses, key=lambda cluster: masses[cluster])
    assert ranked(geometry, 1, [4, 9])[0] in clustering.members(heaviest)


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_a_shorter_ranking_is_the_beginning_of_a_longer_one(limit: int) -> None:
    geometry = replay(labelling(), [0, 1])
    whole = ranked(geometry, 40, [0, 1, 2])
    assert ranked(geometry, limit, [0, 1, 2]) == whole[:limit]


def test_labelling_everything_leaves_nothing_to_rank() -> None:
    assert ranked(replay(labelling(n=8, shots=3), range(8)), 8, range(8)) == []


def weighed(seed: int, lacking: tuple[float, ...]) -> SelectionState:
    """A state with labels and estimates, of which one class has all labels that were given."""
    state = state_of(captures_of(40, seed), [(place, LABEL) for place in (3, 9)], shots=6)
    estimates = np.random.default_rng(seed).dirichlet(np.ones(3), size=40)
    readings = replace(state.readings, estimates=estimates, given=np.array(lacking))
    return replace(state, readings=readings)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_a_class_that_lacks_labels_brings_its_likely_examples_forward(seed: int) -> None:
    state = weighed(seed, (9, 9, 0))
    assert state.readings.estimates is not None
    plain = replace(state, settings=replace(state.settings, balance=False))
    balanced, without = (Neufs().query(one, 38) for one in (state, plain))
    assert {one.place for one in balanced} == {one.place for one in without}
    first = [
        np.mean(state.readings.estimates[[one.place for one in choices[:4]], 2])
        for choices in (balanced, without)
    ]
    assert first[0] >= first[1]
    assert {one.label for one in balanced} == {2}
    assert all(one.label is None and not one.likely for one in without)


@given(st.integers(0, 10**6), st.sampled_from([(4, 4, 0), (9, 9, 0), (9, 0, 0)]))
@settings(max_examples=20, deadline=None)
def test_the_next_example_is_the_likeliest_and_best_of_the_likeliest_cluster(
    seed: int, given_labels: tuple[int, ...]
) -> None:
    state = weighed(seed, given_labels)
    needs, clustering = state.needs, Neufs().geometry(state).clustering
    assert needs is not None
    distances, hardness = Neufs().geometry(state).label_distances, state.by(state.signal).values
    top = max(needs.likely[place] for place in state.undecided)

    def mass(cluster: int) -> float:
        members = clustering.members(cluster)
        return sum(distances[x] * needs.likely[x] for x in members) / len(members) ** 0.5

    best = max(range(clustering.n_fixed, len(clustering.medoids)), key=mass)
    members = clustering.members(best)
    own = cluster_scores(hardness[members], clustering.distances[members], tau=state.settings.tau)
    scores = {
        int(place): (score + needs.weight * needs.likely[place] / top) / (1 + needs.weight)
        for place, score in zip(members, own, strict=True)
        if place in state.undecided
    }
    first = Neufs().query(state, 1)[0]
    assert first.place == max(scores, key=lambda place: scores[place])
    assert first.score == pytest.approx(scores[first.place])
    assert 0 <= scores[first.place] <= 1


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_what_the_classes_lack_moves_no_medoid(seed: int) -> None:
    state = weighed(seed, (9, 9, 0))
    bare = state_of(captures_of(40, seed), [(place, LABEL) for place in (3, 9)], shots=6)
    assert_same(Neufs().geometry(state), Neufs().geometry(bare))
