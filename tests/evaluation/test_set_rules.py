"""Sets that rules make, and the folds that they are compared on."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.evaluation.set_rules import (
    DEFAULT,
    N_FOLDS,
    ORDERS,
    SetRule,
    folds_of,
    others,
    rules_for,
)

LABELS = ["a", "b", "a", "c", "a", "b"]
label_lists = st.lists(st.sampled_from("abc"), min_size=N_FOLDS, max_size=40)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("selection", (0, 1, 2, 3, 4, 5)),
        ("reversed", (5, 4, 3, 2, 1, 0)),
        ("interleaved", (0, 1, 3, 2, 5, 4)),
        ("frequent-last", (3, 1, 5, 0, 2, 4)),
    ],
)
def test_each_order(order: str, expected: tuple[int, ...]) -> None:
    assert SetRule(None, order).places(range(6), LABELS) == expected


def test_a_rule_takes_the_first_of_those_it_may_use() -> None:
    assert SetRule(3, "reversed").places([1, 2, 4, 5], LABELS) == (4, 2, 1)
    # of what it takes b is the most frequent
    assert SetRule(3, "frequent-last").places([1, 3, 5], LABELS) == (3, 1, 5)


@given(label_lists, st.integers(0, 5))
def test_folds_are_equally_large_and_have_each_class_as_evenly_as_it_goes(
    labels: list[str], seed: int
) -> None:
    folds = folds_of(labels, seed)
    sizes = np.bincount(folds, minlength=N_FOLDS)
    assert sizes.max() - sizes.min() <= 1
    for label in set(labels):
        of_class = Counter(fold for fold, one in zip(folds, labels, strict=True) if one == label)
        counts = [of_class[fold] for fold in range(N_FOLDS)]
        assert max(counts) - min(counts) <= 1
    assert (folds == folds_of(labels, seed)).all()


def test_the_seed_decides_who_shares_a_fold() -> None:
    labels = ["a"] * 16
    assert any((folds_of(labels, 0) != folds_of(labels, seed)).any() for seed in (1, 2))


@given(label_lists, st.integers(0, 5))
def test_no_rule_shows_a_label_that_is_held_out_and_no_two_make_the_same_sets(
    labels: list[str], seed: int
) -> None:
    folds = folds_of(labels, seed)
    rules = rules_for(labels, folds)
    assert rules[0] == DEFAULT
    made = []
    for rule in rules:
        sets = []
        for fold in range(N_FOLDS):
            places = rule.places(others(folds, fold), labels)
            assert all(folds[place] != fold for place in places)
            assert len({*places}) == len(places) == (rule.k or sum(folds != fold))
            sets.append(places)
        made.append((*sets, rule.places(range(len(labels)), labels)))
    assert len({*made}) == len(made)


@pytest.mark.parametrize(
    ("n", "sizes"), [(8, [None, 4]), (16, [None, 4, 8]), (24, [None, 4, 8, 16])]
)
def test_the_numbers_double(n: int, sizes: list[int | None]) -> None:
    labels = ["a", "b", "b"] * 8
    rules = rules_for(labels[:n], folds_of(labels[:n], 0))
    assert [*dict.fromkeys(rule.k for rule in rules)] == sizes
    assert len(rules) == len(sizes) * len(ORDERS)


def test_orders_that_come_to_the_same_are_compared_once() -> None:
    labels = ["a"] * 8
    rules = rules_for(labels, folds_of(labels, 0))
    assert [rule.order for rule in rules] == ["selection", "reversed"] * 2
