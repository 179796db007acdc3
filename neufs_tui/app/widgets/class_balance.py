"""The second line: how often each label was given, and how many of the labels wanted there are."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.core.text import one_line
from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.standing import seen

_LONGEST_BAR = 20
"""Cells of the longest bar."""
_BETWEEN = "   "
_NAME = 16
"""Cells of a name at most, where there are several."""


class ClassBalance(Widget):
    """Labels with their counts as bars; one that has none stands out once any has some."""

    DEFAULT_CSS = "ClassBalance { height: 1; }"

    counts: reactive[Mapping[str, int]] = reactive(dict)
    """How often each label was given, by name; empty until that is known."""
    right: reactive[tuple[str, ...]] = reactive(())
    """The other end, the most important part first."""

    def render(self) -> RenderResult:
        """Both ends, spread over the width there is."""
        width = self.content_size.width
        if not self.counts:
            return Content("")
        parts = list(self.right)
        while len(parts) > 1 and _bare(self.counts) + 2 + cell_len(" · ".join(parts)) > width:
            parts.pop()
        right = ellipsis(" · ".join(parts), width)
        left = balance(self.counts, max(0, width - cell_len(right) - 2))
        return Content.assemble(left, " " * (width - left.cell_length - cell_len(right)), right)


def balance(counts: Mapping[str, int], width: int) -> Content:
    """Every label with its count and a bar, in so many cells.

    Where bars do not fit there are none, and where names do not, it is said how many labels have
    been given at all.

    Args:
        counts: how often each was given, by name.
        width: cells there are.
    """
    most, bare = max(counts.values()), _bare(counts)
    if bare > width:
        return Content(ellipsis(seen(counts) or _thinnest(counts), width))
    for cells in range(min(most, _LONGEST_BAR), 0, -1):
        bars = {name: bar(n, most, cells) for name, n in counts.items()}
        if bare + sum(1 + len(one) for one in bars.values() if one) <= width:
            break
    else:
        bars = dict.fromkeys(counts, "")
    cells_of = []
    for name, n in counts.items():
        style = "bold $warning" if most and not n else ""
        drawn = f" {bars[name]}" if bars[name] else ""
        cells_of.append(Content.assemble((_counted(name, n), style), (drawn, "$primary")))
    return Content(_BETWEEN).join(cells_of)


def _bare(counts: Mapping[str, int]) -> int:
    """Cells of all names and counts, without bars."""
    cells = sum(cell_len(_counted(name, n)) for name, n in counts.items())
    return cells + len(_BETWEEN) * (len(counts) - 1)


def _counted(name: str, n: int) -> str:
    return f"{ellipsis(one_line(name), _NAME)} {n:,}"


def bar(n: int, most: int, cells: int) -> str:
    """A bar in proportion to a number, of a cell or more unless that is zero.

    Args:
        n: what it stands for.
        most: what the longest of them stands for.
        cells: of the longest.
    """
    return "█" * (max(1, round(n * cells / most)) if n else 0)


def _thinnest(counts: Mapping[str, int]) -> str:
    """What is said of many labels that all have been given, or of which none has."""
    least = min(counts.values())
    return f"{len(counts):,} classes, {least:,} or more of each" if least else ""
