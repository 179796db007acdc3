"""Which queries are for the check set: a function of the seed and the decisions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.check_set import (
    MIN_LABELS,
    N_DRAWS,
    as_unlabelled,
    is_due,
    n_left,
    random_halves,
)
from neufs_tui.core.counts import count
from neufs_tui.core.records import Answer, Decision, DecisionKind, Demonstration

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP


def decision(number: int, *, check: bool, skipped: bool = False) -> Decision:
    if skipped:
        return Decision(str(number), SKIP, None, check)
    return Decision(str(number), LABEL, Answer("a"), check)


def asked(n: int, seed: int, *, skips: Sequence[bool] = (), before: int = 0) -> list[Decision]:
    """All decisions until the check set is whole."""
    made = [decision(number, check=False) for number in range(before)]
    for number in range(10 * n + len(skips) + before + 100):
        if not n_left(made, n):
            break
        skipped = number < len(skips) and skips[number]
        place = before + number
        made.append(decision(place, check=is_due(made, n, seed), skipped=skipped))
    return made


@given(n=st.integers(1, 30), seed=st.integers(0, 10**6))
def test_of_the_first_2n_queries_from_the_first_check_on_n_are_checks(n: int, seed: int) -> None:
    made = asked(n, seed)
    first = next(at for at, one in enumerate(made) if one.check)
    assert len(made) - first <= 2 * n
    assert sum(one.check for one in made) == n
    assert not is_due(made, n, seed)


@given(n=st.integers(1, 12), seed=st.integers(0, 10**6), skips=st.lists(st.booleans(), max_size=40))
def test_a_check_example_that_is_skipped_is_replaced(n: int, seed: int, skips: list[bool]) -> None:
    made = asked(n, seed, skips=skips)
    assert sum(one.check and one.kind is LABEL for one in made) == n


@given(n=st.integers(1, 12), seed=st.integers(0, 10**6), before=st.integers(0, 60))
def test_a_session_with_labels_has_its_check_set_among_the_next_queries(
    n: int, seed: int, before: int
) -> None:
    made = asked(n, seed, before=before)
    first = next(at for at, one in enumerate(made) if one.check)
    assert sum(one.check for one in made[first : first + 2 * n]) == n


@given(n=st.integers(1, 12), seed=st.integers(0, 10**6), at=st.integers(0, 24))
def test_labels_that_were_given_elsewhere_are_no_queries(n: int, seed: int, at: int) -> None:
    made = asked(n, seed)[:at]
    elsewhere = [replace(decision(1000 + one, check=False), given="x") for one in range(40)]
    assert is_due([*elsewhere, *made], n, seed) == is_due(made, n, seed)
    assert is_due([*made, *elsewhere], n, seed) == is_due(made, n, seed)


def test_every_place_behind_the_first_check_is_as_likely() -> None:
    n, n_seeds = 4, 600
    times = [0] * (2 * n)
    for seed in range(n_seeds):
        made = [decision(0, check=True)]
        while len(made) < 2 * n:
            made.append(decision(len(made), check=is_due(made, n, seed)))
        times = [sum(pair) for pair in zip(times, (one.check for one in made), strict=True)]
    assert times[0] == n_seeds
    expected = n_seeds * (n - 1) / (2 * n - 1)
    assert all(abs(one - expected) < 60 for one in times[1:])  # five standard deviations


@pytest.mark.parametrize("n_asked", range(1, 8))
def test_what_was_hunted_or_accepted_is_no_query(n_asked: int) -> None:
    made = asked(4, 3, before=2)[:n_asked]
    accepted = [Decision(f"s{at}", DecisionKind.ACCEPT, Answer("a")) for at in range(30)]
    hunted = [replace(decision(90 + at, check=False), hunted=True) for at in range(3)]
    assert is_due([*made, *accepted, *hunted], 4, 3) == is_due(made, 4, 3)


def test_without_a_check_set_no_query_is_for_it() -> None:
    assert not any(is_due([decision(0, check=False)] * n, 0, 7) for n in range(20))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (decision(1, check=False), decision(1, check=False)),
        (decision(1, check=False, skipped=True), decision(1, check=False, skipped=True)),
        (decision(1, check=True), Decision("1", SKIP, None, True)),
        (decision(1, check=True, skipped=True), Decision("1", SKIP, None, False)),
    ],
    ids=["label", "skip", "check label, to be read", "check skip"],
)
def test_the_engine_is_told_no_label_of_a_check_example(made: Decision, told: Decision) -> None:
    assert as_unlabelled([made]) == (told,)
    assert told.is_shot == made.is_shot


def test_check_examples_are_counted_apart_and_all_adds_up() -> None:
    made = [
        decision(0, check=False),
        decision(1, check=True),
        decision(2, check=True, skipped=True),
        decision(90, check=True),
        decision(91, check=False),
    ]
    counts = count(made, {str(number) for number in range(10)}, ["a", "b"])
    assert (counts.labelled, counts.checked, counts.shots_here, counts.skipped) == (2, 1, 1, 1)
    assert (counts.labels_elsewhere, counts.checked_elsewhere, counts.n_labels) == (2, 1, 2)
    assert counts.by_label == {"a": 2, "b": 0}
    assert counts.left == 7


def shown(n: int) -> tuple[Demonstration, ...]:
    return tuple(Demonstration(f"text {number}", "ab"[number % 2]) for number in range(n))


@given(n=st.integers(0, 60), seed=st.integers(0, 10**6))
def test_halves_are_half_of_the_labels_in_their_order(n: int, seed: int) -> None:
    halves = random_halves(shown(n), seed=seed)
    assert len(halves) == (N_DRAWS if n >= MIN_LABELS else 0)
    for half in halves:
        assert len(half) == n // 2
        assert [one for one in shown(n) if one in half] == [*half]


@given(n=st.integers(MIN_LABELS, 60), seed=st.integers(0, 10**6))
def test_a_label_more_changes_no_half_or_is_added_to_its_end(n: int, seed: int) -> None:
    before, after = (random_halves(shown(size), seed=seed) for size in (n, n + 1))
    for half, grown in zip(before, after, strict=True):
        assert grown[: len(half)] == half
        assert len(grown) == len(half) + (n % 2)
        assert {*grown[len(half) :]} <= {*shown(n + 1)[n - 1 :]}


def test_every_label_is_in_half_of_the_halves() -> None:
    halves = [half for seed in range(400) for half in random_halves(shown(8), seed=seed)]
    for one in shown(8):
        assert sum(one in half for half in halves) == pytest.approx(len(halves) / 2, rel=0.15)


def test_accepted_suggestions_are_counted_apart_and_are_no_labels() -> None:
    made = [
        decision(0, check=False),
        replace(decision(1, check=False), hunted=True),
        Decision("2", DecisionKind.ACCEPT, Answer("b")),
        Decision("90", DecisionKind.ACCEPT, Answer("b")),
    ]
    counts = count(made, {str(number) for number in range(10)}, ["a", "b"])
    assert (counts.labelled, counts.accepted, counts.skipped, counts.left) == (2, 1, 0, 7)
    assert (counts.accepted_elsewhere, counts.elsewhere) == (1, 1)
    assert (counts.n_labels, counts.hunted) == (2, 1)
    assert counts.by_label == {"a": 2, "b": 0}
