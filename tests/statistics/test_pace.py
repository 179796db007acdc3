"""How fast labels are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.statistics.pace import IDLE_AFTER_S, pace


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], None),
        ([4.0, None, 5.0, 6.0, 7.0], None),
        ([4.0, None, 5.0, 6.0, 7.0, 8.0], 6.0),
        ([3_600.0] * 5, IDLE_AFTER_S),  # a break is no work
        ([30.0] * 40 + [5.0] * 20, 5.0),
    ],
)
def test_the_newest_labels_tell_and_breaks_do_not(
    seconds: list[float | None], expected: float | None
) -> None:
    assert pace(seconds) == expected


@given(st.lists(st.floats(0, 1e6), min_size=5), st.floats(0, 1e6))
def test_one_long_look_does_not_stretch_it(seconds: list[float], one: float) -> None:
    found = pace([*seconds, one])
    assert found is not None and found <= IDLE_AFTER_S
    assert min(seconds[-19:]) <= IDLE_AFTER_S or found == IDLE_AFTER_S
