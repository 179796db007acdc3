"""Distances between packed neuron sets, against plain Python sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.selection.jaccard import NeuronSets

SETS = st.lists(st.sets(st.integers(0, 400), max_size=40), min_size=1, max_size=12)


def packed(sets: list[set[int]]) -> NeuronSets:
    return NeuronSets([np.array(sorted(one), dtype=np.uint32) for one in sets])


def distance(one: set[int], other: set[int]) -> float:
    return 1 - len(one & other) / len(one | other) if one | other else 0.0


@given(SETS)
def test_distances_are_those_of_plain_sets(sets: list[set[int]]) -> None:
    expected = [[distance(one, other) for other in sets] for one in sets]
    np.testing.assert_allclose(
        packed(sets).distances(np.arange(len(sets)), None), expected, atol=1e-12
    )


@given(SETS)
def test_distances_are_symmetric_with_a_zero_diagonal(sets: list[set[int]]) -> None:
    table = packed(sets).distances(np.arange(len(sets)), None)
    np.testing.assert_array_equal(table, table.T)
    assert not table.diagonal().any()


@given(SETS, st.data())
def test_gains_are_what_the_sets_before_leave_open(
    sets: list[set[int]], data: st.DataObject
) -> None:
    places = data.draw(st.permutations(range(len(sets))))[: data.draw(st.integers(0, len(sets)))]
    covered: set[int] = set()
    expected = []
    for place in places:
        expected.append(len(sets[place] - covered))
        covered |= sets[place]
    assert packed(sets).gains(places) == expected


def test_rows_are_the_same_however_few_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sets = packed([set(rng.integers(0, 300, 30).tolist()) for _ in range(20)])
    at_once = sets.distances(np.arange(20), np.arange(5))
    monkeypatch.setattr("neufs_tui.selection.jaccard._CHUNK_WORDS", 1)
    np.testing.assert_array_equal(sets.distances(np.arange(20), np.arange(5)), at_once)
