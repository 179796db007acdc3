"""Incremental selection: a function of the ordered decisions, with METHOD's promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import DecisionKind
from neufs_tui.selection.batch import NeufsBatch
from neufs_tui.selection.difficulty import SignalValues
from neufs_tui.selection.incremental import Geometry, IncrementalSelection, Neufs
from tests.selection.test_kmedoids import random_sets
from tests.selection.values import captures_of, state_of

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP


def selection(seed: int = 0, n: int = 40, shots: int = 6) -> IncrementalSelection:
    return IncrementalSelection(random_sets(seed, n), shots=shots, tau=0.5, seed=seed)


def difficulty(n: int) -> SignalValues:
    return SignalValues("margin", np.random.default_rng(1).normal(size=n), np.zeros(n, dtype=int))


def ranked(chooser: IncrementalSelection, geometry: Geometry, limit: int) -> list[int]:
    """Places, best first."""
    choices = chooser.ranking(geometry, limit, difficulty(len(chooser.sets)))
    return [choice.place for choice in choices]


def replay(chooser: IncrementalSelection, steps: list[tuple[int, DecisionKind]]) -> Geometry:
    geometry = chooser.start()
    for place, kind in steps:
        geometry = chooser.after(geometry, place, kind)
    return geometry


def test_with_no_label_the_picks_are_the_batch_picks() -> None:
    state = state_of(captures_of(40), shots=6)
    batch = NeufsBatch().query(state, 6)
    first = Neufs().query(state, 6)
    assert {choice.place for choice in first} == {choice.place for choice in batch}


STEPS = st.lists(st.tuples(st.integers(0, 24), st.sampled_from([LABEL, SKIP])), max_size=30)


@given(st.integers(0, 50), STEPS)
@settings(deadline=None, max_examples=40)
def test_any_decisions_leave_a_sound_geometry(
    seed: int, wanted: list[tuple[int, DecisionKind]]
) -> None:
    steps = list({place: (place, kind) for place, kind in wanted}.values())
    chooser = selection(seed, n=25, shots=5)
    geometry = replay(chooser, steps)
    labelled = [place for place, kind in steps if kind is LABEL]
    skipped = {place for place, kind in steps if kind is SKIP}
    assert list(geometry.labelled) == labelled
    assert geometry.skipped == skipped
    table = chooser.sets.distances(np.arange(25), None)
    nearest = table[labelled].min(axis=0) if labelled else np.ones(25)
    np.testing.assert_array_equal(geometry.label_distances, nearest)
    medoids = geometry.clustering.medoids.tolist()
    n_free = min(max(1, 5 - len(labelled)), 25 - len(labelled))
    assert medoids[: len(labelled)] == labelled
    assert len(medoids) == len(set(medoids)) == len(labelled) + n_free
    order = ranked(chooser, geometry, 25)
    assert sorted(order) == sorted(set(range(25)) - set(labelled) - skipped)


@given(STEPS)
@settings(deadline=None, max_examples=15)
def test_the_same_decisions_give_the_same_ranking(
    wanted: list[tuple[int, DecisionKind]],
) -> None:
    steps = list({place: (place, kind) for place, kind in wanted}.values())
    once, again = (
        ranked(chooser, replay(chooser, steps), 25)
        for chooser in (selection(n=25), selection(n=25))
    )
    assert once == again


def test_a_skipped_example_leaves_the_candidates_not_the_geometry() -> None:
    chooser = selection()
    start = chooser.start()
    first = ranked(chooser, start, 1)[0]
    skipped = chooser.after(start, first, SKIP)
    assert skipped.clustering is start.clustering
    assert first not in ranked(chooser, skipped, 40)


def test_the_next_pick_comes_from_the_cluster_with_the_most_uncovered_mass() -> None:
    chooser = selection()
    geometry = replay(chooser, [(4, LABEL), (9, LABEL)])
    clustering = geometry.clustering
    masses = {
        cluster: geometry.label_distances[clustering.members(cluster)].sum()
        for cluster in range(clustering.n_fixed, len(clustering.medoids))
    }
    heaviest = max(masses, key=lambda cluster: masses[cluster])
    assert ranked(chooser, geometry, 1)[0] in clustering.members(heaviest)


def test_a_skipped_example_may_be_labelled_after_all() -> None:
    chooser = selection()
    geometry = replay(chooser, [(4, SKIP), (4, LABEL)])
    assert geometry.labelled == (4,)
    assert geometry.skipped == frozenset()


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_a_shorter_ranking_is_the_beginning_of_a_longer_one(limit: int) -> None:
    chooser = selection()
    geometry = replay(chooser, [(0, LABEL), (1, LABEL), (2, SKIP)])
    whole = ranked(chooser, geometry, 40)
    assert ranked(chooser, geometry, limit) == whole[:limit]


def test_labelling_everything_leaves_nothing_to_rank() -> None:
    chooser = selection(n=8, shots=3)
    geometry = replay(chooser, [(place, LABEL) for place in range(8)])
    assert ranked(chooser, geometry, 8) == []
