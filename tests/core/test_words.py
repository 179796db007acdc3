"""Stretches of a text cover its words, and the strongest are marked in its order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.explanation import Word
from neufs_tui.core.words import MAX_STRETCHES, stretches, strongest, without


@given(st.text(alphabet="ab \n\t👩שּ", max_size=400))
def test_the_stretches_are_the_words_in_order_and_few(text: str) -> None:
    spans = stretches(text)
    assert len(spans) <= MAX_STRETCHES
    assert [word for start, end in spans for word in text[start:end].split()] == text.split()
    for span in spans:
        left = without(text, span)
        assert len(left.split()) == len(text.split()) - len(text[slice(*span)].split())


@pytest.mark.parametrize(
    ("text", "span", "left"),
    [
        ("one two three", (4, 7), "one three"),
        ("one two", (4, 7), "one"),
        ("one", (0, 3), ""),
        ("one\n\ntwo three", (5, 8), "one\n\nthree"),
    ],
)
def test_a_stretch_leaves_with_the_space_behind_it(
    text: str, span: tuple[int, int], left: str
) -> None:
    assert without(text, span) == left


def test_what_costs_little_or_helps_is_not_marked() -> None:
    spans = [(0, 1), (2, 3), (4, 5), (6, 7)]
    assert strongest(spans, [0.2, 4.0, -9.0, 1.0]) == (Word(2, 3, 4.0), Word(6, 7, 1.0))
    assert strongest(spans, [-1.0, -2.0, 0.0, -0.5]) == ()
    assert strongest([], []) == ()
