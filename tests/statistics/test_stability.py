"""When labels stop changing answers, and when there is too little to say so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.statistics.intervals import share_interval
from neufs_tui.statistics.stability import FEW, N_LABELS, Change, stable


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_interval_holds_the_share(part: int, whole: int) -> None:
    part = min(part, whole)
    low, high = share_interval(part, whole)
    assert 0 <= low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= high <= 1
    assert high - low > 0


def test_nothing_seen_is_no_certainty() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)
    assert share_interval(0, 10)[1] == pytest.approx(0.2775, abs=1e-3)


def test_the_interval_holds_the_true_share_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        low, high = share_interval(int(rng.binomial(60, 0.3)), 60)
        held += low <= 0.3 <= high
    assert held / 1000 > 0.92


def changes(*changed: int, compared: int = 800, first: int = 5) -> list[Change]:
    return [Change(first + n, one, compared) for n, one in enumerate(changed)]


def test_three_labels_that_change_next_to_nothing_are_evidence() -> None:
    found = stable(changes(90, 4, 3, 5))
    assert found is not None
    assert (found.n_labels, found.changed, found.compared) == (N_LABELS, 12, 2400)
    assert 0.005 < found.at_most < FEW


@pytest.mark.parametrize(
    "seen",
    [
        [],
        changes(0, 0),  # two are not enough
        changes(1, 2, 60),  # the last one changed a lot
        changes(0, 0, 0, compared=12),  # too few were compared to know
        [Change(3, 0, 900), Change(5, 0, 900), Change(6, 0, 900)],  # the fourth was not seen
    ],
)
def test_without_evidence_nothing_is_suggested(seen: list[Change]) -> None:
    assert stable(seen) is None
