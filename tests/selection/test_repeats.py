"""What says again what a labelled example has said, by what the model holds of both."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.core.records import DecisionKind
from neufs_tui.selection.incremental import Neufs
from neufs_tui.selection.repeats import Repeats
from neufs_tui.selection.strategy import SelectionState
from tests.captures import capture
from tests.selection.values import captures_of, state_of

LABEL = DecisionKind.LABEL


def with_a_repeat(n: int = 9, seed: int = 0) -> list[Capture]:
    """Examples of which two are nearly the same to the model."""
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(n, 2, HIDDEN_DIMENSIONS))
    states[-1] = states[0] + 0.2 * rng.normal(size=states[0].shape)
    return [capture([at, n], hidden=one.astype(np.float16)) for at, one in enumerate(states)]


def twins(state: SelectionState) -> list[int]:
    """Places of those two."""
    repeats = state.readings.pool.repeats
    return [at for at in range(len(state.ids)) if repeats.of([at]).sum() == 2]


@given(st.integers(0, 10**6), st.integers(8, 14))
@settings(max_examples=20, deadline=None)
def test_only_what_is_nearly_the_same_repeats(seed: int, n: int) -> None:
    repeats = Repeats(with_a_repeat(n, seed))
    for place in range(n):
        own = {0, n - 1} if place in (0, n - 1) else {place}
        assert {*np.flatnonzero(repeats.of([place]))} == own
    assert {*np.flatnonzero(repeats.of([0, 1]))} == {0, 1, n - 1}
    assert not repeats.of([]).any()


def test_without_hidden_states_nothing_does() -> None:
    assert not Repeats(captures_of(5)).of([0, 1]).any()
    assert len(Repeats([]).of([])) == 0


def test_a_repeat_is_not_asked_for_while_anything_else_is_left() -> None:
    pool = with_a_repeat()
    alike = twins(state_of(pool, shots=4))
    for one, other in (alike, alike[::-1]):
        state = state_of(pool, [(one, LABEL)], shots=4)
        choices = [choice.place for choice in Neufs().query(state, 99)]
        assert sorted(choices) == [*state.undecided]
        assert choices[-1] == other
