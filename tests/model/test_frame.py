"""Frames: which parts of a rendered chat are literal, and what is stripped from the contents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.model.frame import BEFORE, BEHIND, Frame, Piece, placeholder, read_frame

STEM = "5eed"
MARKS = [placeholder(STEM, turn) for turn in range(12)]


def frame_of(write: object, n: int) -> Frame:
    """Read what a function writes around n contents."""
    padded = [f"{BEFORE}{mark}{BEHIND}" for mark in MARKS[:n]]
    return read_frame(write(MARKS[:n]), write(padded), STEM)


def test_literals_stand_around_the_contents() -> None:
    frame = frame_of(lambda c: f"<{c[0]}>\n{c[1]}|{c[11]}.", 12)
    assert frame.literals == ("<", ">\n", "|", ".")
    assert frame.slots == (0, 1, 11)
    assert frame.fill([("", "a"), ("b", "c"), *[("", "")] * 9, ("", "d")]) == [
        Piece("<", False),
        Piece("a", True),
        Piece(">\n", False),
        Piece("b", False),
        Piece("c", True),
        Piece("|", False),
        Piece("d", True),
        Piece(".", False),
    ]


@pytest.mark.parametrize(
    "strip",
    [
        str,
        str.strip,
        str.lstrip,
        str.rstrip,
        lambda text: text.strip("\n"),
        lambda text: text.lstrip("\n"),
    ],
)
@pytest.mark.parametrize("around", [("", ""), ("\n", "\n\n"), (" ", "\t"), ("<", ">")])
def test_contents_are_stripped_as_the_template_strips_them(
    strip: object, around: tuple[str, str]
) -> None:
    left, right = around

    def write(contents: list[str]) -> str:
        return f"{left}{strip(contents[0])}{right}{contents[1]}{left}"

    frame = frame_of(write, 2)

    @given(st.text(" \n\u2003ab", min_size=1).filter(str.strip), st.text(" \nab").filter(str.strip))
    def holds(one: str, other: str) -> None:
        pieces = frame.fill([("", one), ("", other)])
        assert "".join(piece.text for piece in pieces) == write([one, other])

    holds()


def test_blanks_between_what_is_the_author_s_and_the_data_stay() -> None:
    frame = frame_of(lambda c: f"<{c[0].strip()}>", 1)
    assert [piece.text for piece in frame.fill([(" a ", " b ")])] == ["<", "a ", " b", ">"]


def test_what_a_template_does_to_its_contents_beside_stripping_is_not_followed() -> None:
    frame = frame_of(lambda c: "<" + c[0].replace("\n", "/") + ">", 1)
    assert [piece.text for piece in frame.fill([("", "a\nb")])] == ["<", "a\nb", ">"]
