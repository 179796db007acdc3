"""Difficulty signals: what they are of a capture, and what is compared with what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.difficulty import (
    BY_LENGTH,
    MIN_GROUP,
    reread_difficulty,
    scan_difficulty,
    standardised,
)
from neufs_tui.core.neurons import Capture
from neufs_tui.core.settings import SIGNALS


def capture(
    *,
    count: int = 100,
    length: int = 1,
    nucleus: int = 50,
    participation: float = 20.0,
    scores: tuple[float, ...] = (-1.0, -2.0),
) -> Capture:
    return Capture(
        answer=int(np.argmax(scores)),
        scores=np.array(scores, dtype=np.float32),
        neurons=np.empty(0, dtype=np.uint32),
        contributions=np.empty(0, dtype=np.float16),
        neuron_count=count,
        n_answer_tokens=length,
        nucleus=nucleus,
        participation=participation,
    )


def random_captures(rng: np.random.Generator, n: int) -> list[Capture]:
    return [
        capture(
            count=int(rng.integers(10, 90)),
            length=int(rng.integers(1, 4)),
            nucleus=int(rng.integers(5, 40)),
            participation=float(rng.uniform(1, 30)),
            scores=tuple(rng.normal(size=3)),
        )
        for _ in range(n)
    ]


def counted(*pairs: tuple[int, int]) -> list[Capture]:
    """Captures by neuron count and answer length."""
    return [capture(count=count, length=length) for count, length in pairs]


def test_the_signals_of_a_capture() -> None:
    even, sure = np.log([0.4, 0.4, 0.2]), np.log([0.9, 0.08, 0.02])
    numbers = scan_difficulty(
        [
            capture(count=7, nucleus=3, participation=1.5, scores=tuple(even)),
            capture(count=9, nucleus=2, participation=2.5, scores=tuple(sure)),
        ]
    ).numbers
    assert {signal: tuple(numbers[signal]) for signal in ("count", "nucleus")} == {
        "count": (7, 9),
        "nucleus": (3, 2),
    }
    assert tuple(numbers["participation"]) == (1.5, 2.5)
    entropy = -2 * 0.4 * np.log(0.4) - 0.2 * np.log(0.2)
    assert numbers["entropy"][0] == pytest.approx(entropy, rel=1e-6)
    assert numbers["margin"] == pytest.approx([1.0, 1 - 0.82], rel=1e-5)


def test_hopeless_labels_do_not_spoil_the_entropy() -> None:
    numbers = scan_difficulty([capture(scores=(0.0, -1e4)), capture(scores=(-1e4, -1e4))]).numbers
    assert numbers["entropy"] == pytest.approx([0.0, np.log(2)])


def test_counts_are_compared_only_among_answers_of_equal_length() -> None:
    captures = counted((10, 1), (20, 1), (30, 1), (100, 2), (100, 2))
    values = scan_difficulty(captures).values["count"]
    np.testing.assert_allclose(values[:3], [-1.2247449, 0, 1.2247449])
    assert not values[3:].any()
    raw = scan_difficulty(captures, raw_counts=True).values["count"]
    np.testing.assert_array_equal(raw, [10, 20, 30, 100, 100])


@pytest.mark.parametrize(("place", "percentile"), [(0, 0.0), (1, 50.0), (2, 100.0), (3, None)])
def test_the_percentile_is_taken_among_the_others_of_equal_length(
    place: int, percentile: float | None
) -> None:
    difficulty = scan_difficulty(counted((10, 1), (20, 1), (30, 1), (99, 2)))
    assert difficulty.percentile(place, "count") == percentile


def test_entropy_is_compared_across_lengths() -> None:
    captures = [
        capture(length=length, scores=(0.0, -gap)) for length, gap in ((1, 3), (2, 2), (3, 1))
    ]
    difficulty = scan_difficulty(captures)
    assert [difficulty.percentile(place, "entropy") for place in range(3)] == [0, 50, 100]
    assert difficulty.percentile(0, "count") is None


@given(st.integers(0, 10**6), st.integers(1, 60), st.data())
def test_what_was_reread_is_standardised_by_itself(seed: int, n: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    captures = random_captures(rng, n)
    scan = scan_difficulty(captures)
    lengths = np.array([one.n_answer_tokens for one in captures])
    for signal in SIGNALS:
        groups = lengths if signal in BY_LENGTH else np.zeros_like(lengths)
        expected = standardised(scan.numbers[signal], groups)
        np.testing.assert_array_equal(scan.values[signal], expected)
    m = data.draw(st.integers(0, n))
    places = np.sort(rng.permutation(n)[:m])
    reread = random_captures(rng, m)
    new_lengths = np.array([one.n_answer_tokens for one in reread], dtype=int)
    mixed = reread_difficulty(scan, places, reread)
    kept = np.isin(new_lengths, [k for k in (1, 2, 3) if (new_lengths == k).sum() >= MIN_GROUP])
    assert set(np.flatnonzero(mixed.reread)) == set(places[kept])
    np.testing.assert_array_equal(mixed.lengths[places[kept]], new_lengths[kept])
    others = np.setdiff1d(np.arange(n), places[kept])
    for signal in SIGNALS:
        np.testing.assert_array_equal(mixed.values[signal][others], scan.values[signal][others])
        if kept.any():
            assert abs(mixed.values[signal][places[kept]].mean()) < 1e-9


def test_a_percentile_is_taken_among_what_was_read_alike() -> None:
    scan = scan_difficulty(counted(*((count, 1) for count in range(20))))
    assert scan.percentile(19, "count") == 100.0
    again = counted(*((1000 - count, 1) for count in range(10)))
    mixed = reread_difficulty(scan, np.arange(10, 20), again)
    assert mixed.percentile(19, "count") == 0.0
    assert mixed.percentile(10, "count") == 100.0
    assert mixed.percentile(9, "count") == 100.0
