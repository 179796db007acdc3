"""Text made fit to be shown: what would steer the terminal is made visible, lines are cut."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: "␡",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *_BIDI, 0xFEFF)},
    **{code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)},
}


def visible(text: str) -> str:
    """Text with every control character shown by a sign of its own.

    Line ends and tabs stay. Marks that turn the direction of writing are shown too, since they
    would reorder what stands around them; letters that run from right to left stay.
    """
    return text.replace("\r\n", "\n").translate(_VISIBLE)


def one_line(text: str) -> str:
    """Text with its runs of white space, line ends included, drawn together to one space each."""
    return visible(" ".join(text.split()))


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
