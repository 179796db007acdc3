"""A model is said to separate nothing only where the set cannot be the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.statistics.one_answer import OneAnswer, one_answer
from tests.statistics.test_paired import both_ways

ENOUGH = {"A": 6, "B": 4}


def missed(n: int, *, right: int = 0) -> list[object]:
    """Labels `B` of which the model had called most `A`."""
    return [both_ways(place, "B", "B" if place < right else "A", "A") for place in range(n)]


@pytest.mark.parametrize(
    ("answers", "is_told"),
    [
        ({}, False),
        ({"A": 49}, False),
        ({"A": 50}, True),
        ({"A": 95, "B": 5}, True),
        ({"A": 94, "B": 6}, False),
        ({"B": 950, "A": 20, "C": 30}, True),
    ],
)
def test_nearly_all_of_enough_answers_have_to_be_alike(
    answers: dict[str, int], is_told: bool
) -> None:
    found = one_answer(answers, [], ENOUGH)
    assert (found is not None) is is_told
    if found is not None:
        assert found.n_times == max(answers.values()) and found.n_answers == sum(answers.values())


@pytest.mark.parametrize(
    ("by_class", "n_missed", "n_right", "separates"),
    [
        (ENOUGH, 4, 0, False),
        (ENOUGH, 2, 0, False),
        (ENOUGH, 1, 0, True),
        ({"A": 15, "B": 1}, 4, 0, True),
        (ENOUGH, 4, 1, True),
        (ENOUGH, 10, 1, False),
        ({"A": 2, "B": 2, "C": 0}, 2, 0, False),
    ],
    ids=[
        *("blind", "two missed", "one missed", "the set has one", "a class is rare"),
        *("nearly blind", "another is not seen"),
    ],
)
def test_the_model_is_at_fault_only_where_the_set_has_classes_that_it_misses(
    by_class: dict[str, int], n_missed: int, n_right: int, separates: bool
) -> None:
    labels = missed(n_missed, right=n_right)
    found = one_answer({"A": 99, "B": 1}, labels, by_class)  # type: ignore[arg-type]
    assert found == OneAnswer("A", 99, 100, n_missed - n_right, n_missed, separates)


def test_answers_that_she_had_looked_at_are_no_witnesses() -> None:
    looked = [replace(both_ways(place, "B", "A", "A"), looked=True) for place in range(4)]
    found = one_answer({"A": 60}, looked, ENOUGH)
    assert found == OneAnswer("A", 60, 60, 0, 0, separates=True)
