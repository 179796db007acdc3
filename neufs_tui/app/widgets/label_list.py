"""The labels under the text, each with its key and what it means."""

from __future__ import annotations

from collections.abc import Sequence
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
_KEY = 3
"""Cells of a key and the space behind it."""
_BETWEEN = 2
"""Cells between a name and its definition."""
_NAMES_SHARE = 0.5
"""Part of a line that names may take where definitions stand beside them."""
_SHORTEST_DEFINITION = 10
"""Cells below which a definition is left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many labels are shown, and where."""

    columns: int
    rows: int
    n_shown: int
    """Labels on the screen; when some are not, one more cell says how many."""


def plan(n_labels: int, *, cell: int, width: int, max_rows: int) -> Plan:
    """Fit the labels: one column if it does, two where there is room, then as many as names allow.

    Args:
        n_labels: labels of the task.
        cell: cells of the longest name with its key.
        width: cells in a line.
        max_rows: lines that may be used.
    """
    if n_labels <= max_rows:
        return Plan(columns=1, rows=n_labels, n_shown=n_labels)
    columns = 2 if width >= _TWO_COLUMNS_FROM else 1
    if n_labels > columns * max_rows:
        columns = max(columns, (width + _GUTTER) // (cell + _GUTTER))
    columns = min(columns, -(-(n_labels + 1) // max_rows))
    n_shown = min(n_labels, columns * max_rows)
    if n_shown < n_labels:
        n_shown = columns * max_rows - 1
    n_cells = min(n_labels, n_shown + 1)
    return Plan(columns=columns, rows=-(-n_cells // columns), n_shown=n_shown)


def fitted(texts: Sequence[str], width: int, max_lines: int) -> list[list[str]]:
    """Texts wrapped at words; where that takes too many lines, the longest are cut the most.

    Args:
        texts: data, never markup.
        width: cells in a line.
        max_lines: of all together; each has one at least.

    Returns:
        The lines of each text, one or more.
    """
    whole = [[line.plain.rstrip() for line in Content(text).wrap(width)] or [""] for text in texts]
    kept = [len(lines) for lines in whole]
    while sum(kept) > max_lines and max(kept) > 1:
        kept[kept.index(max(kept))] -= 1
    found = []
    for lines, n in zip(whole, kept, strict=True):
        cut = lines[:n]
        if n < len(lines):
            cut[-1] = ellipsis(f"{cut[-1]} {lines[n]}", width)
        found.append(cut)
    return found


class LabelList(Widget):
    """Labels with the keys that give them; a key is a label's own also while that is not shown."""

    DEFAULT_CSS = "LabelList { height: auto; }"

    labels: reactive[tuple[Label, ...]] = reactive((), layout=True)
    max_rows: reactive[int] = reactive(10, layout=True)
    """Lines for as many labels."""
    max_lines: reactive[int] = reactive(0, layout=True)
    """Lines with which definitions may be whole, where there is one for each label."""
    taken: reactive[frozenset[str]] = reactive(frozenset())
    """Keys that are no label's, because the configuration gives them to commands."""
    find_key: reactive[str] = reactive("l")
    """Named where labels are left out: it finds them."""

    def key_of(self) -> dict[str, str]:
        """The label behind each key, in a window of any size."""
        pairs = zip(self._keys(), self.labels, strict=False)
        return {key: label.name for key, label in pairs}

    @property
    def is_folded(self) -> bool:
        """Whether there are more labels than lines for them."""
        return len(self.labels) > self.max_rows

    @property
    def keys_by_label(self) -> dict[str, str]:
        """The key of each label that has one."""
        return {label: key for key, label in self.key_of().items()}

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as there are to show."""
        return len(self._lines(width))

    def render(self) -> RenderResult:
        """Key, name and definition, in one column or more."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        keys = (*self._keys(), *[""] * len(self.labels))  # what has none is found by its name
        longest = max((cell_len(one_line(label.name)) for label in self.labels), default=0)
        cell = _KEY + longest
        found = plan(len(self.labels), cell=cell, width=width, max_rows=self.max_rows)
        if found.columns == 1 and found.n_shown == len(self.labels):
            return self._in_one_column(keys, width)
        return self._in_columns(keys, found, width)

    def _in_one_column(self, keys: Sequence[str], width: int) -> list[Content]:
        """Definitions whole beside the names, as far as there are lines for them."""
        names = [one_line(label.name) for label in self.labels]
        room = width - _KEY
        name_width = min(max(map(cell_len, names), default=0), int(room * _NAMES_SHARE))
        left = room - name_width - _BETWEEN
        definitions = [one_line(label.definition) for label in self.labels]
        if not any(definitions) or left < _SHORTEST_DEFINITION:
            name_width, definitions = room, [""] * len(names)
        lines = []
        for key, name, of in zip(
            keys,
            names,
            fitted(definitions, max(1, left), max(self.max_rows, self.max_lines)),
            strict=False,
        ):
            for place, definition in enumerate(of):
                shown = ellipsis(name, name_width) if not place else ""
                lines.append(
                    Content.assemble(
                        (f"{key if not place else '':<{_KEY}}", "bold $accent"),
                        (shown, "bold"),
                        " " * (name_width + _BETWEEN - cell_len(shown)) if definition else "",
                        (definition, "$foreground-muted"),
                    )
                )
        return lines

    def _in_columns(self, keys: Sequence[str], found: Plan, width: int) -> list[Content]:
        column = (width - _GUTTER * (found.columns - 1)) // found.columns
        shown = self.labels[: found.n_shown]
        names = [one_line(label.name) for label in shown]
        longest = max((cell_len(name) for name in names), default=0)
        cells = [
            _cell(key, name, one_line(label.definition), column, min(longest, column))
            for key, name, label in zip(keys, names, shown, strict=False)
        ]
        if found.n_shown < len(self.labels):
            more = f"{self.find_key}  {len(self.labels) - found.n_shown:,} more"
            cells.append(Content.styled(ellipsis(more, column), "$foreground-muted"))
        lines = []
        for row in range(found.rows):
            in_row = [
                cell.extend_right(max(0, column - cell.cell_length))
                for cell in cells[row :: found.rows]
            ]
            lines.append(Content(" " * _GUTTER).join(in_row))
        return lines

    def _keys(self) -> tuple[str, ...]:
        return allocate(len(self.labels), self.taken)


def _cell(key: str, name: str, definition: str, width: int, name_width: int) -> Content:
    """A label on one line, its definition as far as it fits."""
    name = ellipsis(name, width - _KEY)
    left = width - _KEY - name_width - _BETWEEN
    is_told = bool(definition) and left >= _SHORTEST_DEFINITION
    return Content.assemble(
        (f"{key:<{_KEY}}", "bold $accent"),
        (name, "bold"),
        " " * (name_width + _BETWEEN - cell_len(name)) if is_told else "",
        (ellipsis(definition, left) if is_told else "", "$foreground-muted"),
    )
