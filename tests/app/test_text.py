"""User text is data: nothing in it reaches the terminal as a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neufs_tui.app.text import ellipsis, one_line, spread, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", "␛[31mred"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("dos\r\nline", "dos\nline"),
        ("back\rover", "back␍over"),
        ("nul\x00bell\x07del\x7f", "nul␀bell␇del␡"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("turned \u202eback", "turned \\u202eback"),
        ("half \ud83d", "half \\ud83d"),
        ("שלום 你好 👩‍👩‍👧", "שלום 你好 👩‍👩‍👧"),
    ],
)
def test_control_characters_are_shown_and_letters_stay(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text())
def test_what_is_shown_can_be_encoded_and_holds_no_control_character(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown if c not in "\t\n")


def test_one_line_draws_white_space_together() -> None:
    assert one_line(" two\n\tlines  here ") == "two lines here"


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
