"""What a chat template writes around the contents of the turns, found out with placeholders.

The template never sees a text of the task or the pool, so none of them can steer it, and where
each of them begins and ends in the prompt is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

BEFORE, BEHIND = "\n \t", "\t \n\n"
"""Blanks put around a placeholder, to see which of them the template takes away. So many line
breaks in front and so many behind that which of them is missing is plain."""

_Stripped = str | None
"""The characters that are taken from an end of a content, as `str.strip` is told them."""
_LEFT: Sequence[tuple[_Stripped, str]] = (("", BEFORE), ("\n", " \t"), (None, ""))
_RIGHT: Sequence[tuple[_Stripped, str]] = (("", BEHIND), ("\n", "\t "), (None, ""))
"""With what then remains of the blanks."""

Content = tuple[str, str]
"""A turn's content: what the task's author continues the template with, and data behind it."""

Edge = tuple[int, int]
"""A place in a frame's literals: which of them, and the character of it that comes next."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt."""

    text: str
    is_data: bool
    """Nothing in it may become a control token."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A rendered chat with a slot for the content of each turn."""

    literals: tuple[str, ...]
    """What the template writes in front of each slot, and behind the last."""
    slots: tuple[int, ...]
    """Whose content stands there: the place of its turn among the turns."""
    stripped: tuple[tuple[_Stripped, _Stripped], ...]
    """What is taken from the beginning and the end of each slot's content."""

    def fill(self, contents: Sequence[Content]) -> list[Piece]:
        """The prompt with these contents in its slots, one for each turn."""
        pieces = [Piece(self.literals[0], is_data=False)]
        for (own, data), literal in zip(self._written(contents), self.literals[1:], strict=True):
            pieces += [Piece(own, False), Piece(data, True), Piece(literal, False)]
        return [piece for piece in pieces if piece.text]

    def places(self, contents: Sequence[Content]) -> list[tuple[int, int]]:
        """Where each slot's content begins and ends in the prompt with these contents."""
        places, end = [], 0
        for (own, data), literal in zip(self._written(contents), self.literals, strict=False):
            start = end + len(literal)
            end = start + len(own) + len(data)
            places.append((start, end))
        return places

    def _written(self, contents: Sequence[Content]) -> Iterator[Content]:
        """The content of each slot, less what is taken from its ends."""
        for slot, (left, right) in zip(self.slots, self.stripped, strict=True):
            own, data = contents[slot]
            own, data = own.lstrip(left), data.rstrip(right)
            yield own, data if own else data.lstrip(left)

    def part(
        self, start: Edge | None, end: Edge | None, *, turns: tuple[int, ...] | None = None
    ) -> Frame:
        """The frame from one place in its literals to another.

        Args:
            start: where it begins; None is the beginning.
            end: where it ends; None is the end.
            turns: whose contents its slots hold, if it is to be filled by itself.
        """
        first, begin = start or (0, 0)
        last, stop = end or (len(self.slots), len(self.literals[-1]))
        literals = list(self.literals[first : last + 1])
        literals[-1] = literals[-1][:stop]
        literals[0] = literals[0][begin:]
        own = turns if turns is not None else self.slots[first:last]
        return Frame(tuple(literals), own, self.stripped[first:last])


def placeholder(stem: str, turn: int) -> str:
    """Stands for a turn's content: letters and digits, so that templates leave it as it is."""
    return f"{stem}x{turn}x"


def read_frame(bare: str, padded: str, stem: str) -> Frame:
    """Take a rendered chat apart.

    Args:
        bare: rendered from placeholders.
        padded: rendered from the same with `BEFORE` and `BEHIND` around each.
        stem: what the placeholders were made with.
    """
    split = re.compile(f"{stem}x([0-9]+)x").split
    literals, slots = split(bare)[::2], split(bare)[1::2]
    gaps = split(padded)[::2]
    ends: list[tuple[_Stripped, _Stripped]] = [("", "")] * len(literals)
    if split(padded)[1::2] == slots:
        ends = [
            _ends(literal, gap, first=place == 0, last=place == len(slots))
            for place, (literal, gap) in enumerate(zip(literals, gaps, strict=True))
        ]
    return Frame(
        tuple(literals),
        tuple(int(slot) for slot in slots),
        tuple((before[1], behind[0]) for before, behind in pairwise(ends)),
    )


def _ends(literal: str, gap: str, *, first: bool, last: bool) -> tuple[_Stripped, _Stripped]:
    """What is taken from the end of the content before a literal, and from the beginning behind."""
    rights, lefts = ([("", "")] if first else _RIGHT), ([("", "")] if last else _LEFT)
    for (right, behind), (left, before) in product(rights, lefts):
        if gap == f"{behind}{literal}{before}":
            return right, left
    return "", ""
