"""Intervals of several differences that hold together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from neufs_tui.statistics.simultaneous import simultaneous

Values = NDArray[np.float64]
BLOCKS = np.arange(24, dtype=np.intp) % 8


def slow(gains: Values, blocks: NDArray[np.intp]) -> list[tuple[float, float, float]]:
    """By the definition, one way of turning signs after another."""
    n, names = len(gains), sorted({*blocks})

    def error(off: dict[int, float]) -> float:
        return float((len(names) / (len(names) - 1) * sum(x * x for x in off.values())) ** 0.5 / n)

    means, errors, every = [], [], []
    for column in gains.T:
        mean = float(column.mean())
        off = {b: float(sum(x - mean for x in column[blocks == b])) for b in names}
        means.append(mean)
        errors.append(error(off))
        every.append(off)
    largest = []
    for signs in product((1, -1), repeat=len(names)):
        ratios = []
        for off in every:
            turned = {b: sign * off[b] for b, sign in zip(names, signs, strict=True)}
            moved = sum(turned.values()) / n
            again = {b: turned[b] - moved * int((blocks == b).sum()) for b in names}
            ratios.append(abs(moved) / error(again))
        largest.append(max(ratios))
    width = sorted(largest)[-(-19 * len(largest) // 20)]
    return [(m, m - width * e, m + width * e) for m, e in zip(means, errors, strict=True)]


def test_intervals_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(3)
    blocks = np.array([0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 2], dtype=np.intp)
    gains = rng.normal(0.1, 1, (len(blocks), 3))
    for found, expected in zip(simultaneous(gains, blocks), slow(gains, blocks), strict=True):
        assert (found.value, found.low, found.high) == pytest.approx(expected)


@given(
    arrays(np.float64, (24, 3), elements=st.floats(-5, 5)),
    st.integers(1, 9),
    st.permutations(range(24)),
)
def test_units_order_and_sides_make_no_difference(
    gains: Values, unit: int, order: list[int]
) -> None:
    found = simultaneous(gains, BLOCKS)
    for one in found:
        assert one.low <= one.value <= one.high
    other = simultaneous(-gains[order] * unit, BLOCKS[order])
    for one, two in zip(found, other, strict=True):
        turned = (-two.value / unit, -two.high / unit, -two.low / unit)
        assert turned == pytest.approx((one.value, one.low, one.high), rel=1e-6, abs=1e-6)


def test_what_does_not_vary_has_no_width_and_does_not_widen_the_others() -> None:
    rng = np.random.default_rng(0)
    gains = rng.normal(size=(24, 1))
    alone = simultaneous(gains, BLOCKS)
    found = simultaneous(np.hstack([gains, np.zeros((24, 1)), np.full((24, 1), 0.1)]), BLOCKS)
    assert found[0].high == pytest.approx(alone[0].high)
    assert (found[1].low, found[1].high) == (0, 0)
    assert found[2].low == pytest.approx(0.1) == found[2].high
    assert simultaneous(np.empty((24, 0)), BLOCKS) == []


def test_texts_answered_alike_are_no_more_evidence_than_one_of_them() -> None:
    rng = np.random.default_rng(1)
    single = rng.normal(0.3, 1, (8, 2))
    blocks = np.arange(8, dtype=np.intp)
    for one, ten in zip(
        simultaneous(single, blocks),
        simultaneous(np.repeat(single, 10, axis=0), np.repeat(blocks, 10)),
        strict=True,
    ):
        assert (ten.low, ten.high) == pytest.approx((one.low, one.high))


Noise = Callable[[np.random.Generator, int], Values]


def by_text(rng: np.random.Generator, n: int) -> Values:
    return rng.normal(size=(24, n))


def by_block(rng: np.random.Generator, n: int) -> Values:
    """Each set of demonstrations does better or worse on all its texts."""
    return rng.normal(size=(8, n))[BLOCKS] + 0.5 * rng.normal(size=(24, n))


def by_class(rng: np.random.Generator, n: int) -> Values:
    """Each rule leans towards one of two classes."""
    return rng.choice([-1, 1], (24, 1)) * rng.normal(size=(1, n)) + 0.3 * rng.normal(size=(24, n))


def heavy(rng: np.random.Generator, n: int) -> Values:
    return rng.standard_t(3, (24, n))


@pytest.mark.parametrize("noise", [by_text, by_block, by_class, heavy])
@pytest.mark.parametrize("n_rules", [1, 15])
def test_without_an_effect_hardly_ever_one_is_found(noise: Noise, n_rules: int) -> None:
    rng = np.random.default_rng(7)
    n_found = 0
    for _ in range(200):
        values = noise(rng, n_rules + 1)
        estimates = simultaneous(values[:, 1:] - values[:, :1], BLOCKS)
        n_found += any(one.low > 0 for one in estimates)
    assert n_found / 200 <= 0.06


@pytest.mark.parametrize("noise", [by_text, by_block, by_class, heavy])
def test_a_strong_effect_is_found(noise: Noise) -> None:
    rng = np.random.default_rng(7)
    n_found = 0
    for _ in range(50):
        values = noise(rng, 16)
        values[:, 4] += 3
        estimates = simultaneous(values[:, 1:] - values[:, :1], BLOCKS)
        n_found += estimates[3].low > 0
    assert n_found >= 40
