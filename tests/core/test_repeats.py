"""Which labelled example is asked again, and when."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId
from neufs_tui.core.repeats import Repeat, due
from neufs_tui.statistics.agreement import Agreement, self_agreement

A, B = Answer("A"), Answer("B")


def decided(n: int) -> list[Decision]:
    """So many labels, a skip before each."""
    made = []
    for at in range(n):
        made.append(Decision(f"skip {at}", DecisionKind.SKIP))
        made.append(Decision(f"text {at}", DecisionKind.LABEL, A))
    return made


def asked_by(n: int, every: int, seed: int) -> list[tuple[int, ExampleId]]:
    """All that is asked again while so many are labelled, each with the labels there were."""
    repeats: list[Repeat] = []
    found = []
    pool = {one.example_id for one in decided(n)}
    for labels in range(n + 1):
        while (one := due(decided(labels), repeats, every, seed, pool=pool)) is not None:
            found.append((labels, one))
            repeats.append(Repeat(one, A, A))
    return found


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 3))
def test_one_in_so_many_is_asked_again_once_and_some_time_after_it_was_labelled(
    n: int, every: int, seed: int
) -> None:
    asked = asked_by(n, every, seed)
    assert [labels for labels, _ in asked] == [every * (place + 1) for place in range(n // every)]
    assert len({one for _, one in asked}) == len(asked)
    for labels, one in asked:
        assert int(one.removeprefix("text ")) < labels - every // 2


def test_which_one_depends_on_the_seed() -> None:
    assert len({asked_by(20, 20, seed)[0][1] for seed in range(8)}) > 2


def test_nothing_is_asked_where_nothing_is_wanted_or_what_is_labelled_left_the_pool() -> None:
    assert due(decided(40), [], 0, 0, pool={"text 1"}) is None
    assert due(decided(40), [], 10, 0, pool=set()) is None
    assert due(decided(40), [], 10, 0, pool={"text 1"}) == "text 1"


def test_labels_that_were_given_elsewhere_are_neither_counted_nor_asked_again() -> None:
    given = [replace(one, example_id=f"given {one.example_id}", given="x") for one in decided(40)]
    pool = {one.example_id for one in (*given, *decided(10))}
    assert due(given, [], 10, 0, pool=pool) is None
    assert due([*decided(9), *given], [], 10, 0, pool=pool) is None
    assert due([*given, *decided(10)], [], 10, 0, pool=pool) == due(
        decided(10), [], 10, 0, pool=pool
    )


def test_self_agreement_is_over_what_was_labelled_both_times() -> None:
    repeats = [Repeat("a", A, A), Repeat("b", A, B), Repeat("c", A, None), Repeat("d", B, B)]
    found = self_agreement(repeats)
    assert (found.agreeing, found.compared) == (2, 3)
    low, high = found.interval
    assert low < 2 / 3 < high
    assert self_agreement(()) == Agreement() and Agreement().share is None
