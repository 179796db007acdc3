"""A text in stretches that can be left out one at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from neufs_tui.core.explanation import Word

MAX_STRETCHES = 40
"""Stretches a text is cut into at most; a long text's have several words each."""
_SHARE = 0.25
"""Of the largest drop, what a stretch must reach to be marked."""
_MARKED = 8


def stretches(text: str) -> list[tuple[int, int]]:
    """Where each word of a text begins and ends; in a long text, each run of a few words."""
    words = [match.span() for match in re.finditer(r"\S+", text)]
    size = -(-len(words) // MAX_STRETCHES)
    runs = [words[start : start + size] for start in range(0, len(words), size or 1)]
    return [(run[0][0], run[-1][1]) for run in runs]


def without(text: str, stretch: tuple[int, int]) -> str:
    """The text less a stretch and the white space behind it."""
    start, end = stretch
    rest = text[end:].lstrip()
    return (text[:start] + rest) if rest else text[:start].rstrip()


def strongest(spans: Sequence[tuple[int, int]], drops: Sequence[float]) -> tuple[Word, ...]:
    """The stretches whose absence costs most, in the order of the text.

    Args:
        spans: where they are.
        drops: by how much the gap neurons' contribution falls without each.
    """
    floor = _SHARE * max(drops, default=0.0)
    marked = [Word(*span, drop) for span, drop in zip(spans, drops, strict=True)]
    marked = [word for word in marked if word.drop > 0 and word.drop >= floor]
    marked = sorted(marked, key=lambda word: -word.drop)[:_MARKED]
    return tuple(sorted(marked, key=lambda word: word.start))
