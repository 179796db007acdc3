"""Lines are cut and spread to the cells there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neufs_tui.core.text import one_line
from neufs_tui.wording.lines import ellipsis, spread


@given(st.text(), st.integers(0, 40))
def test_an_ellipsis_never_makes_a_text_too_wide(text: str, width: int) -> None:
    assert cell_len(ellipsis(one_line(text), width)) <= width


@pytest.mark.parametrize(
    ("parts", "right", "width", "expected"),
    [
        (("a", "b"), "z", 12, "a · b      z"),
        (("a", "bbbb"), "zzzz", 12, "a       zzzz"),
        (("aaaaaaaaa", "b"), "zzzz", 12, "aaaaa…  zzzz"),
        ((), "zzzz", 6, "  zzzz"),
        (("a",), "", 3, "a  "),
        (("a",), "zzzzzz", 4, "zzz…"),
    ],
)
def test_a_line_keeps_its_right_end_and_drops_the_least_important_first(
    parts: tuple[str, ...], right: str, width: int, expected: str
) -> None:
    assert spread(parts, right, width) == expected


@given(st.lists(st.text(max_size=20), max_size=5), st.text(max_size=20), st.integers(1, 60))
def test_a_line_fills_its_width_exactly(parts: list[str], right: str, width: int) -> None:
    line = spread([one_line(part) for part in parts], one_line(right), width)
    assert cell_len(line) == width
