"""The labels under the text, each with its key, how often it was given, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.app.keys import allocate
from neufs_tui.core.records import Label
from neufs_tui.core.text import one_line
from neufs_tui.wording.lines import ellipsis

_TWO_COLUMNS_FROM = 56
_GUTTER = 4
_ALIGNED_SHARE = 0.5
"""Part of a line within which names are padded, so that counts stand in line; in two columns
all are."""
_SHORTEST_DEFINITION = 10
"""Cells below which a definition is left out."""
_DIGITS = 2
"""Cells of a count at least, so that the tenth label moves nothing."""
_BARS_FROM = 90
"""Cells of a line from which on counts have bars."""
_BAR, _SHORT_BAR = 20, 8
"""Cells of the longest bar, in one column and in two."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many labels are shown, and where."""

    columns: int
    rows: int
    n_shown: int
    """Labels on the screen; when some are not, one more cell says how many."""


def plan(n_labels: int, n_keys: int, *, width: int, max_rows: int) -> Plan:
    """Fit the labels: one column if it does, two where there is room, then as many as go in.

    Args:
        n_labels: labels of the task.
        n_keys: how many of them have a key.
        width: cells in a line.
        max_rows: lines that may be used.
    """
    if n_labels <= max_rows and n_labels <= n_keys:
        return Plan(columns=1, rows=n_labels, n_shown=n_labels)
    columns = 2 if width >= _TWO_COLUMNS_FROM else 1
    n_shown = min(n_labels, n_keys, columns * max_rows)
    cells = n_shown
    if n_shown < n_labels:
        n_shown = min(n_shown, columns * max_rows - 1)
        cells = n_shown + 1
    return Plan(columns=columns, rows=-(-cells // columns), n_shown=n_shown)


class LabelList(Widget):
    """Labels with the keys that give them; a key is a label's own also while that is not shown."""

    DEFAULT_CSS = "LabelList { height: auto; }"

    labels: reactive[tuple[Label, ...]] = reactive((), layout=True)
    max_rows: reactive[int] = reactive(10, layout=True)
    taken: reactive[frozenset[str]] = reactive(frozenset())
    """Keys that are no label's, because the configuration gives them to commands."""
    counts: reactive[Mapping[str, int]] = reactive(dict)
    """How often each label was given, by name; empty until that is known."""
    find_key: reactive[str] = reactive("l")
    """Named where labels are left out: it finds them."""

    def key_of(self) -> dict[str, str]:
        """The label behind each key, in a window of any size."""
        pairs = zip(self._keys(), self.labels, strict=False)
        return {key: label.name for key, label in pairs}

    @property
    def keys_by_label(self) -> dict[str, str]:
        """The key of each label that has one."""
        return {label: key for key, label in self.key_of().items()}

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as the plan has rows."""
        return self._plan(width).rows

    def render(self) -> RenderResult:
        """Key, name, count and definition, column by column."""
        width = self.content_size.width
        plan = self._plan(width)
        column = (width - _GUTTER * (plan.columns - 1)) // plan.columns
        keys = self._keys()
        names = [one_line(label.name) for label in self.labels[: plan.n_shown]]
        longest = max((cell_len(name) for name in names), default=0)
        tallies = self._tallies(width, plan.columns)
        room = int(column * _ALIGNED_SHARE) if plan.columns == 1 else column
        name_width = min(longest, room)
        cells = [
            _cell(key, name, tally, label.definition, column, name_width)
            for key, name, tally, label in zip(keys, names, tallies, self.labels, strict=False)
        ]
        if plan.n_shown < len(self.labels):
            more = f"{self.find_key}  {len(self.labels) - plan.n_shown:,} more"
            cells.append(Content.styled(ellipsis(more, column), "$foreground-muted"))
        lines = []
        for row in range(plan.rows):
            in_row = [
                cell.extend_right(max(0, column - cell.cell_length))
                for cell in cells[row :: plan.rows]
            ]
            lines.append(Content(" " * _GUTTER).join(in_row))
        return Content("\n").join(lines)

    def _plan(self, width: int) -> Plan:
        n_keys = len(self._keys())
        return plan(len(self.labels), n_keys, width=width, max_rows=self.max_rows)

    def _tallies(self, width: int, columns: int) -> list[Content]:
        """The count of each label, all equally wide."""
        most = max((self.counts.get(label.name, 0) for label in self.labels), default=0)
        digits = max(_DIGITS, len(f"{most:,}"))
        cells = 0
        if width >= _BARS_FROM:
            cells = _BAR if columns == 1 else _SHORT_BAR
        return [
            _tally(self.counts.get(label.name), most, digits=digits, cells=cells)
            for label in self.labels
        ]

    def _keys(self) -> tuple[str, ...]:
        return allocate(len(self.labels), self.taken)


def bar(n: int, most: int, cells: int) -> str:
    """A bar of a cell for each, or in proportion where the longest would not fit.

    Args:
        n: what it stands for.
        most: what the longest of them stands for.
        cells: of the longest at most.
    """
    length = n if most <= cells else max(n > 0, round(n * cells / most))
    return "█" * length


def _tally(n: int | None, most: int, *, digits: int, cells: int) -> Content:
    """A count, and its bar where there is room for one; blank when it is not known."""
    count = f"{n:,}".rjust(digits) if n is not None else " " * digits
    # Once anything is labelled, a class without an example is what must be seen
    style = "bold $warning" if most and not n else "$foreground"
    drawn = f" {bar(n or 0, most, cells):<{cells}}" if cells else ""
    return Content.assemble((count, style), (drawn, "$primary"))


def _cell(
    key: str, name: str, tally: Content, definition: str, width: int, name_width: int
) -> Content:
    room = width - 3 - 2 - tally.cell_length
    name = ellipsis(name, room)
    pad = max(0, min(name_width, room) - cell_len(name)) + 2
    gap = 2
    left = room + 2 - cell_len(name) - pad - gap
    if not definition or left < _SHORTEST_DEFINITION:
        gap, definition = 0, ""
    return Content.assemble(
        (key, "bold $accent"),
        "  ",
        (name, "bold"),
        " " * pad,
        tally,
        " " * gap,
        (ellipsis(one_line(definition), left) if definition else "", "$foreground-muted"),
    )
