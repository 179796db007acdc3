"""Every strategy keeps its contract: a function of the state that chooses what is undecided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind
from neufs_tui.core.settings import DEFAULT_SIGNAL, SIGNALS, SelectionSettings
from neufs_tui.selection.registry import STRATEGIES, load_strategy
from neufs_tui.selection.scanned_pool import Readings, ScannedPool
from neufs_tui.selection.strategy import SelectionState
from tests.selection.values import captures_of, pool_of, state_of

N = 24
KINDS = st.sampled_from([DecisionKind.LABEL, DecisionKind.SKIP])
DECIDED = st.dictionaries(st.integers(0, N - 1), KINDS, max_size=N).map(lambda d: [*d.items()])
NAMES = pytest.mark.parametrize("name", STRATEGIES)


@st.composite
def states(draw: st.DrawFn) -> SelectionState:
    """A pool of which some examples are decided and others were reread."""
    captures = captures_of(N, draw(st.integers(0, 99)))
    again = list(pool_of(captures_of(N, 100)).items())
    return state_of(
        captures,
        draw(DECIDED),
        reread=dict(again[: draw(st.integers(0, N))]),
        signal=draw(st.sampled_from(SIGNALS)),
        shots=draw(st.integers(1, 8)),
        tau=draw(st.sampled_from([0.0, 0.4, 1.0])),
        seed=draw(st.integers(0, 3)),
    )


@NAMES
@given(state=states(), n=st.integers(0, N + 3))
@settings(deadline=None, max_examples=40)
def test_it_chooses_as_many_as_are_wanted_and_undecided(
    name: str, state: SelectionState, n: int
) -> None:
    places = [choice.place for choice in load_strategy(name).query(state, n)]
    undecided = state.undecided.tolist()
    assert set(undecided).isdisjoint(place for place, _ in state.decisions)
    assert len(places) == len(set(places)) == min(n, len(undecided))
    assert set(places) <= set(undecided)
    assert places == [choice.place for choice in load_strategy(name).query(state, N)][:n]


@NAMES
@given(asked=st.lists(states(), max_size=4), state=states())
@settings(deadline=None, max_examples=25)
def test_the_same_state_gives_the_same_choices_whatever_was_asked_before(
    name: str, asked: list[SelectionState], state: SelectionState
) -> None:
    travelled = load_strategy(name)
    for one in (*asked, state, *asked):
        travelled.query(one, N)
    assert travelled.query(state, N) == load_strategy(name).query(state, N)


@NAMES
@given(decided=DECIDED, order=st.permutations(range(N)), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=25)
def test_the_order_of_the_pool_changes_no_choice(
    name: str, decided: list[tuple[int, DecisionKind]], order: list[int], seed: int
) -> None:
    def chosen(rows: list[tuple[str, Capture]]) -> list[str]:
        decisions = [Decision(pool[place][0], kind) for place, kind in decided]
        readings = Readings(ScannedPool(dict(rows)))
        state = SelectionState.at(
            readings, decisions, SelectionSettings(shots=5, seed=seed), DEFAULT_SIGNAL
        )
        return [state.ids[choice.place] for choice in load_strategy(name).query(state, N)]

    pool = list(pool_of(captures_of(N, seed)).items())
    assert chosen(pool) == chosen([pool[row] for row in order])


def test_the_state_shows_each_example_as_it_was_read_last() -> None:
    captures, again = captures_of(N), captures_of(N, 1)
    ids = sorted(pool_of(captures))
    reread = {one: pool_of(again)[one] for one in ids[3:5]}
    state = state_of(captures, [(0, DecisionKind.LABEL), (1, DecisionKind.SKIP)], reread=reread)
    source = pool_of(captures) | reread
    expected = [source[one].probabilities for one in ids]
    np.testing.assert_array_equal(state.probabilities, expected)
    assert state.n_demonstrations.tolist() == [0, 0, 0, 1, 1, *[0] * (N - 5)]
    assert state.labelled == (0,)


def test_decisions_on_examples_that_are_not_scanned_are_left_out() -> None:
    readings = Readings(ScannedPool(pool_of(captures_of(3))))
    gone = Decision("gone", DecisionKind.LABEL, "a")
    state = SelectionState.at(readings, [gone], SelectionSettings(), DEFAULT_SIGNAL)
    assert state.decisions == ()
