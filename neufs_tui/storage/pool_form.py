"""What a pool file is made of: JSON lines, a JSON list, a table, or one text a line.

The suffix decides. Where it says nothing, as for standard input, and for `.txt`, the lines do. A
table's columns are separated by what makes its first line name the one with the texts; where
nothing or several things do, by the suffix's own or what makes the most columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from neufs_tui.storage.pool_place import unpacked_path
from neufs_tui.storage.row_json import NotJson, parse


class Kind(StrEnum):
    """How a file holds its texts."""

    JSON_LINES = "JSON lines"
    JSON_LIST = "a JSON list"
    TABLE = "CSV"
    TEXT = "text, one a line"


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is taken for."""

    kind: Kind
    separator: str = ","
    """Between the columns of a table."""
    first_line: int = 0
    """Index of the line that names a table's columns."""
    quoted: bool = True
    """Quotes hold a table's fields together; else they are characters like any other."""

    def __str__(self) -> str:
        """As messages call it, such as `CSV separated by tabs`."""
        if self.kind is not Kind.TABLE:
            return self.kind
        quotes = "" if self.quoted else ", with its quotes as characters"
        return f"{self.kind} separated by {_SEPARATORS.get(self.separator, self.separator)}{quotes}"


def find_form(source: str, lines: Sequence[str], wanted: Sequence[str], *, named: bool) -> Form:
    """Find out what a pool is made of.

    Args:
        source: the pool as the user named it.
        lines: all of them, with their ends.
        wanted: fields that may hold the text, the likeliest first.
        named: the user named that field.
    """
    match unpacked_path(Path(source)).suffix.lower():
        case ".json":
            return Form(Kind.JSON_LIST)
        case ".jsonl" | ".ndjson":
            return Form(Kind.JSON_LINES)
        case ".csv":
            return _table(lines, wanted, usual=",")
        case ".tsv" | ".tab":
            return _table(lines, wanted, usual="\t")
        case suffix:
            return _by_content(lines, wanted, named=named, is_txt=suffix == ".txt")


def is_expected(form: Form, source: str) -> bool:
    """Whether the source's name says as much as the form."""
    expected = {".json": Form(Kind.JSON_LIST), ".csv": Form(Kind.TABLE), ".txt": None}
    return form == expected.get(unpacked_path(Path(source)).suffix.lower(), Form(Kind.JSON_LINES))


_SEPARATORS = {",": "commas", ";": "';'", "\t": "tabs"}
_DECLARED = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""First line that tells spreadsheets the separator."""
_LIST_BEGINS = re.compile(r'\s*\[\s*[{"\]]')
_PROBED = 100
"""Lines looked at where the suffix says nothing."""


def _by_content(lines: Sequence[str], wanted: Sequence[str], *, named: bool, is_txt: bool) -> Form:
    probe = list(islice((line for line in lines if line.strip()), _PROBED))
    n_objects = sum(line.lstrip().startswith("{") for line in probe)
    if 2 * n_objects > len(probe) and (not is_txt or any(map(_is_object, probe))):
        return Form(Kind.JSON_LINES)
    if _LIST_BEGINS.match("".join(probe)):
        return Form(Kind.JSON_LIST)
    table = _table(lines, wanted, usual=",")
    columns = _columns(lines, table.separator, table.first_line)
    if any(name in columns for name in wanted):
        return table
    if not is_txt and (named or _is_even(probe, table.separator, len(columns))):
        return table
    return Form(Kind.TEXT)


def _table(lines: Sequence[str], wanted: Sequence[str], *, usual: str) -> Form:
    declared = _DECLARED.fullmatch(lines[0]) if lines else None
    if declared is not None:
        return Form(Kind.TABLE, declared[1], first_line=1)
    separators = [usual, *(one for one in _SEPARATORS if one != usual)]
    columns = {one: _columns(lines, one) for one in separators}
    naming = [one for name in wanted for one in separators if name in columns[one]]
    separator = naming[0] if naming else max(separators, key=lambda one: len(columns[one]))
    return Form(Kind.TABLE, separator)


def _columns(lines: Sequence[str], separator: str, first: int = 0) -> list[str]:
    """The names in the first line, if that is what it is."""
    rest = islice(lines, first, None)
    try:
        return next(csv.reader(rest, delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _is_even(probe: Sequence[str], separator: str, n_columns: int) -> bool:
    """Whether all lines have as many fields as the first, and more than one."""
    try:
        records = list(csv.reader(probe, delimiter=separator))
    except csv.Error:
        return False
    return n_columns > 1 < len(records) and {len(record) for record in records} == {n_columns}


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse(line), dict)
    except NotJson:
        return False
