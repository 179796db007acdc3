"""The area under the curve, and an interval that stays honest when there is little to go by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.statistics.auroc import auroc

VALUES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=25)


@given(VALUES, VALUES)
def test_the_area_is_the_share_of_pairs_in_order(wrong: list[float], right: list[float]) -> None:
    area = auroc(wrong, right)
    assert area is not None
    pairs = [(w > r) + 0.5 * (w == r) for w in wrong for r in right]
    assert area.value == pytest.approx(float(np.mean(pairs)))
    assert 0 <= area.low <= area.value <= area.high <= 1
    assert (area.n_wrong, area.n_right) == (len(wrong), len(right))


@given(VALUES, VALUES)
def test_turned_round_it_is_the_rest(wrong: list[float], right: list[float]) -> None:
    area, turned = auroc(wrong, right), auroc(right, wrong)
    assert area is not None and turned is not None
    assert area.value == pytest.approx(1 - turned.value)
    assert area.low == pytest.approx(1 - turned.high, abs=1e-6)


def test_one_side_alone_says_nothing() -> None:
    assert auroc([], [1.0]) is None
    assert auroc([1.0], []) is None


def test_a_perfect_separation_of_few_is_not_certain() -> None:
    few, many = auroc([2.0] * 4, [1.0] * 6), auroc([2.0] * 400, [1.0] * 600)
    assert few is not None and many is not None
    assert (few.value, few.high) == (1.0, pytest.approx(1.0))
    assert few.low < 0.75
    assert many.low > 0.97


@pytest.mark.parametrize("shift", [0.0, 0.8, 2.0])
def test_the_interval_holds_the_true_area_about_as_often_as_it_says(shift: float) -> None:
    from math import erf

    true = 0.5 * (1 + erf(shift / 2))
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        wrong, right = rng.normal(shift, 1, size=8), rng.normal(0, 1, size=12)
        area = auroc(wrong.tolist(), right.tolist())
        assert area is not None
        held += area.low <= true <= area.high
    assert held / 400 > 0.92
