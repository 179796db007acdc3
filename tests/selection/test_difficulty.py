"""Difficulty signals: what they are of a capture, and what is compared with what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.neurons import Capture
from neufs_tui.core.settings import SIGNALS
from neufs_tui.selection.difficulty import (
    BY_LENGTH,
    MIN_GROUP,
    Difficulty,
    reread_difficulty,
    scan_difficulty,
    standardised,
)
from tests import captures


def capture(
    *,
    count: int = 100,
    length: int = 1,
    nucleus: int = 50,
    participation: float = 20.0,
    scores: tuple[float, ...] = (-1.0, -2.0),
) -> Capture:
    return captures.capture(
        scores=scores,
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


def test_all_that_is_equally_hard_has_one_value_even_where_the_mean_rounds() -> None:
    values = standardised(np.full(3, 0.1), np.zeros(3, dtype=np.int64))
    assert not values.any()


def harder(captures: list[Capture], slope: int, shift: int) -> list[Capture]:
    """The same with its neuron counts and nuclei changed linearly."""
    return [
        replace(
            one,
            neuron_count=slope * one.neuron_count + shift,
            nucleus=slope * one.nucleus + shift,
            participation=slope * one.participation + shift,
        )
        for one in captures
    ]


def orders(difficulty: Difficulty) -> list[list[int]]:
    return [np.argsort(-difficulty.values[signal], kind="stable").tolist() for signal in SIGNALS]


@given(
    st.integers(0, 10**6),
    st.integers(1, 60),
    st.data(),
    st.booleans(),
    st.sampled_from([(1, 0), (3, 0), (1, 50), (2, 7)]),
)
def test_rereading_without_a_change_changes_nothing(
    seed: int, n: int, data: st.DataObject, raw_counts: bool, line: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    captures = random_captures(rng, n)
    scan = scan_difficulty(captures, raw_counts=raw_counts)
    m = data.draw(st.integers(0, n))
    if data.draw(st.booleans()):  # the best by some signal, as the engine rereads
        order = np.argsort(-scan.values[data.draw(st.sampled_from(SIGNALS))], kind="stable")
        places = np.sort(order[:m])
    else:
        places = np.sort(rng.permutation(n)[:m])
    again = reread_difficulty(scan, places, harder([captures[at] for at in places], *line))
    for signal in SIGNALS:
        np.testing.assert_allclose(again.values[signal], scan.values[signal], atol=1e-8)
    assert orders(again) == orders(scan)


@given(st.integers(0, 10**6), st.integers(1, 60), st.data())
def test_what_is_reread_keeps_the_mean_and_spread_that_it_had_in_the_scan(
    seed: int, n: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    captures = random_captures(rng, n)
    scan = scan_difficulty(captures)
    m = data.draw(st.integers(0, n))
    places = np.sort(rng.permutation(n)[:m])
    reread = random_captures(rng, m)
    lengths = np.array([one.n_answer_tokens for one in reread], dtype=int)
    mixed = reread_difficulty(scan, places, reread)
    fresh = scan_difficulty(reread).numbers if reread else scan.numbers
    for signal in SIGNALS:
        taken = np.zeros(n, dtype=bool)
        for length in (1, 2, 3) if signal in BY_LENGTH else (None,):
            own = np.flatnonzero(lengths == length) if length else np.arange(m)
            if len(own) < MIN_GROUP:
                continue
            group = places[own]
            taken[group] = True
            before, after = scan.values[signal][group], mixed.values[signal][group]
            assert after.mean() == pytest.approx(before.mean(), abs=1e-8)
            assert after.std() == pytest.approx(before.std(), abs=1e-8)
            np.testing.assert_array_equal(mixed.numbers[signal][group], fresh[signal][own])
            numbers = fresh[signal][own]
            assert not (after[numbers.argsort()][:-1] > after[numbers.argsort()][1:]).any()
        np.testing.assert_array_equal(mixed.reread[signal], taken)
        for values, scanned in ((mixed.values, scan.values), (mixed.numbers, scan.numbers)):
            np.testing.assert_array_equal(values[signal][~taken], scanned[signal][~taken])


def test_a_group_whose_numbers_have_become_equal_has_its_mean() -> None:
    scan = scan_difficulty(counted(*((count, 1) for count in range(20))))
    mixed = reread_difficulty(scan, np.arange(10, 20), counted(*[(7, 1)] * 10))
    assert mixed.values["count"][10:] == pytest.approx([scan.values["count"][10:].mean()] * 10)


def test_a_group_that_the_scan_cannot_tell_apart_stays_so() -> None:
    scan = scan_difficulty(counted(*[(7, 1)] * 10, *((count, 2) for count in range(10))))
    mixed = reread_difficulty(scan, np.arange(10), counted(*((count, 2) for count in range(10))))
    assert not mixed.values["count"][:10].any()


def test_few_rare_answers_keep_their_counts_but_not_their_margin() -> None:
    scan = scan_difficulty([capture(scores=(0.0, -n / 10)) for n in range(1, 21)])
    again = [capture(length=1 + (n == 3), scores=(0.0, -3.0 + n / 10)) for n in range(10)]
    mixed = reread_difficulty(scan, np.arange(10), again)
    assert not mixed.reread["count"][3] and mixed.reread["count"][4]
    assert mixed.reread["margin"][:10].all() and not mixed.reread["margin"][10:].any()
    np.testing.assert_allclose(
        np.sort(mixed.values["margin"][:10]), np.sort(scan.values["margin"][:10]), atol=0.4
    )
    assert mixed.values["margin"][0] < mixed.values["margin"][9]
