"""The likeliest examples of a label, and those that are all but certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import DecisionKind
from neufs_tui.core.settings import CERTAIN
from neufs_tui.selection.hunting import Hunt, certain
from neufs_tui.selection.strategy import SelectionState
from tests.selection.test_repeats import twins, with_a_repeat
from tests.selection.values import captures_of, state_of

LABEL, SKIP, ACCEPT = DecisionKind.LABEL, DecisionKind.SKIP, DecisionKind.ACCEPT
NAMES = ("ham", "spam", "other")


def with_estimates(state: SelectionState, of_spam: Sequence[float]) -> SelectionState:
    rows = np.array([[1 - p, p, 0] for p in of_spam])
    return replace(state, readings=replace(state.readings, estimates=rows))


def places(state: SelectionState, n: int = 99) -> list[int]:
    return [one.place for one in Hunt("spam", NAMES).query(state, n)]


def test_the_likeliest_undecided_come_first_and_ties_go_to_the_earlier_place() -> None:
    decided = [(3, LABEL), (0, SKIP), (4, ACCEPT)]
    state = with_estimates(state_of(captures_of(6), decided), [0.9, 0.2, 0.7, 1, 0.8, 0.7])
    choices = Hunt("spam", NAMES).query(state, 2)
    assert [(one.place, one.score) for one in choices] == [(2, 0.7), (5, 0.7)]
    assert places(state) == [2, 5, 1]


def test_without_an_estimate_the_models_own_probabilities_choose() -> None:
    state = state_of(captures_of(5))
    assert places(state) == [*np.argsort(-state.probabilities[:, 1], kind="stable")]


def test_what_repeats_a_labelled_example_comes_behind_the_others() -> None:
    pool = with_a_repeat()
    alike = twins(state_of(pool))
    of_spam = [0.9 if at in alike else 0.1 for at in range(len(pool))]
    assert {*places(with_estimates(state_of(pool), of_spam))[:2]} == {*alike}
    after = state_of(pool, [(alike[0], LABEL)])
    assert places(with_estimates(after, of_spam))[-1] == alike[1]
    skipped = state_of(pool, [(alike[0], SKIP)])
    assert places(with_estimates(skipped, of_spam))[0] == alike[1]


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.sets(st.integers(0, 11)),
    st.integers(1, 12),
)
def test_every_undecided_example_comes_once_whatever_is_asked(
    of_spam: list[float], decided: set[int], n: int
) -> None:
    known = [(at, SKIP) for at in sorted(decided) if at < len(of_spam)]
    state = with_estimates(state_of(captures_of(len(of_spam)), known), of_spam)
    assert sorted(places(state)) == [*state.undecided]
    assert places(state, n) == places(state)[:n]


ESTIMATES = np.array([[0.95, 0.05], [0.04, 0.96], [0.9, 0.1], [0.5, 0.5], [0.01, 0.99], [1, 0]])


@pytest.mark.parametrize(
    ("label", "is_open", "expected"),
    [
        (None, [0, 1, 2, 3, 4, 5], (0, [5, 0, 2])),
        (1, [0, 1, 2, 3, 4, 5], (1, [4, 1])),
        (None, [1, 3, 4, 5], (1, [4, 1])),
        (None, [3], (None, [])),
        (None, [], (None, [])),
        (0, [1, 4], (0, [])),
    ],
    ids=["most rows", "asked for", "of what is open", "nothing", "nothing open", "none of it"],
)
def test_what_is_all_but_certain_is_suggested_the_surest_first(
    label: int | None, is_open: list[int], expected: tuple[int | None, list[int]]
) -> None:
    found, rows = certain(ESTIMATES, np.array(is_open, dtype=np.intp), label)
    assert (found, [*rows]) == expected
    assert all(ESTIMATES[at, found] >= CERTAIN for at in rows)
