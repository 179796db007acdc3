"""Figures of answers against gold labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neufs_tui.statistics.classification import difference, figures, macro_f1s

NAMES = ("a", "b", "c")


def shares(answers: list[int], sureness: float = 0.8) -> NDArray[np.float64]:
    rest = (1 - sureness) / (len(NAMES) - 1)
    table = np.full((len(answers), len(NAMES)), rest)
    table[np.arange(len(answers)), answers] = sureness
    return table


def labels(*places: int) -> NDArray[np.intp]:
    return np.array(places, dtype=np.intp)


def slow_macro_f1(answers: list[int], gold: list[int]) -> float:
    """By the definition, one class after another."""
    scores = []
    for label in set(gold):
        hits = sum(a == g == label for a, g in zip(answers, gold, strict=True))
        precision = hits / answers.count(label) if label in answers else 0.0
        recall = hits / gold.count(label)
        scores.append(2 * precision * recall / (precision + recall) if hits else 0.0)
    return sum(scores) / len(scores)


def test_a_table_that_can_be_checked_by_hand() -> None:
    found = figures([shares([0, 0, 0, 1])], labels(0, 0, 1, 1), NAMES)
    assert found.accuracy.value == 0.75
    assert found.accuracy.low < 0.31 and found.accuracy.high > 0.95
    assert found.macro_f1.value == pytest.approx((0.8 + 2 / 3) / 2)
    a, b, c = found.classes
    assert (a.n_gold, a.n_answered, a.precision, a.recall) == (2, 3, pytest.approx(2 / 3), 1)
    assert (b.n_gold, b.precision, b.recall) == (2, 1, 0.5)
    assert (c.n_gold, c.n_answered, c.precision, c.recall, c.f1) == (0, 0, 0, 0, 0)
    assert found.confusion.tolist() == [[2, 0, 0], [1, 1, 0], [0, 0, 0]]
    # sure to .8, right in three of four
    assert found.calibration_error == pytest.approx(0.05)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20))
def test_macro_f1_is_that_of_its_definition(pairs: list[tuple[int, int]]) -> None:
    answers, gold = [a for a, _ in pairs], [g for _, g in pairs]
    found = figures([shares(answers)], labels(*gold), NAMES)
    assert found.macro_f1.value == pytest.approx(slow_macro_f1(answers, gold))
    assert found.macro_f1.low <= found.macro_f1.high
    weights = np.array([[2.0] * len(gold)])
    assert macro_f1s([shares(answers)], labels(*gold), weights) == pytest.approx(
        slow_macro_f1(answers * 2, gold * 2)
    )


@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=20),
)
def test_a_difference_is_that_of_the_figures_and_turns_with_its_sides(
    triples: list[tuple[int, int, int]],
) -> None:
    these, those, gold = zip(*triples, strict=True)
    here, there = shares([*these]), shares([*those])
    accuracy, f1 = difference([here], [there], labels(*gold))
    a, b = figures([here], labels(*gold), NAMES), figures([there], labels(*gold), NAMES)
    assert accuracy.value == pytest.approx(a.accuracy.value - b.accuracy.value)
    assert f1.value == pytest.approx(a.macro_f1.value - b.macro_f1.value)
    back, _ = difference([there], [here], labels(*gold))
    assert back.value == pytest.approx(-accuracy.value)
    assert (back.low, back.high) == pytest.approx((-accuracy.high, -accuracy.low))


def test_answers_that_are_the_same_differ_in_nothing() -> None:
    same = shares([0, 1, 2, 0, 1])
    gold = labels(0, 1, 1, 1, 2)
    for estimate in difference([same], [same], gold):
        assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)


def test_draws_count_as_their_mean() -> None:
    gold = labels(0, 1, 2, 0)
    right, wrong = shares([0, 1, 2, 0]), shares([1, 2, 0, 1])
    both = figures([right, wrong], gold, NAMES)
    assert both.accuracy.value == 0.5
    assert both.macro_f1.value == pytest.approx(0.5)
    assert both.confusion.sum() == pytest.approx(4)
    accuracy, _ = difference([right, wrong], [wrong], gold)
    assert (accuracy.value, accuracy.low, accuracy.high) == (0.5, 0.5, 0.5)


def test_pairing_makes_a_difference_narrower_than_its_sides() -> None:
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 3, 200)
    hard = rng.random(200) < 0.5
    those = np.where(hard, (gold + 1) % 3, gold)
    these = those.copy()
    these[:10] = gold[:10]
    accuracy, _ = difference([shares([*these])], [shares([*those])], labels(*gold))
    one = figures([shares([*these])], labels(*gold), NAMES).accuracy
    assert accuracy.high - accuracy.low < 0.5 * (one.high - one.low)
