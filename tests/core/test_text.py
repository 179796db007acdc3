"""User text is data: nothing in it reaches the terminal as a command."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.text import escaped_json, one_line, plural, visible


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


@given(st.text())
def test_escaped_json_says_the_same_and_holds_no_control_character(text: str) -> None:
    escaped = escaped_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(escaped) == [text]
    assert visible(escaped) == escaped
    escaped.encode("utf-8")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (plural(0, "label"), "0 labels"),
        (plural(1, "label"), "1 label"),
        (plural(2_000, "label"), "2,000 labels"),
        (plural(1, "text holds", "texts hold"), "1 text holds"),
        (plural(1_000, "text holds", "texts hold"), "1,000 texts hold"),
    ],
)
def test_a_noun_goes_with_its_number(said: str, expected: str) -> None:
    assert said == expected
