"""Lines cut and spread to the width there is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size


def ellipsis(text: str, width: int) -> str:
    """Text cut to a number of cells, with a sign that it was cut."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    return set_cell_size(text, width - 1).rstrip() + "…"


def spread(parts: Sequence[str], right: str, width: int) -> str:
    """A line with something at both ends.

    Args:
        parts: the left end, the most important first; the last ones go first when it is tight.
        right: the right end, cut only when it alone is too long.
        width: cells to fill.
    """
    right = ellipsis(right, width)
    room = width - cell_len(right) - (2 if right else 0)
    kept = list(parts)
    while len(kept) > 1 and cell_len(" · ".join(kept)) > room:
        kept.pop()
    left = ellipsis(" · ".join(kept), max(0, room))
    return left + " " * (width - cell_len(left) - cell_len(right)) + right
