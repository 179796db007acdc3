"""A table's records, read so that one broken record costs no more lines than it must.

A quote that is never closed takes in the lines behind it. What begins there is therefore read
again from the line after the one where the broken record began, until a record is sound.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from neufs_tui.core.text import plural
from neufs_tui.storage.pool_form import Form

_MAX_FIELD = 2**31 - 1
"""Characters of one field; Python's own limit is 131,072."""
_WHOLE_FIELD = re.compile(r'"(?:[^"]|"")*+"')


@dataclass(frozen=True, slots=True)
class Record:
    """One record, or what was taken for one."""

    first: int
    """Index of the line it begins at."""
    end: int
    """Index of the line behind it."""
    cells: tuple[str, ...] = ()
    """Empty for a blank line, or when it is broken."""
    cause: str = ""
    """What is wrong with it; empty when nothing is."""


def settle_quotes(lines: Sequence[str], form: Form) -> Form:
    """Find out whether the quotes of a table separated by tabs are characters like any other.

    They are when every line has all columns without a look at quotes, more of the fields that
    begin with a quote are not held together by quotes than are, and no record goes over lines.
    """
    if form.separator != "\t":
        return form
    n_columns = n_held = n_loose = 0
    for line in lines[form.first_line :]:
        fields = line.rstrip("\r\n").split("\t")
        n_columns = n_columns or len(fields)
        if len(fields) != n_columns and line.strip():
            return form
        opened = [field for field in fields if field.startswith('"')]
        n_whole = sum(_WHOLE_FIELD.fullmatch(field) is not None for field in opened)
        n_held, n_loose = n_held + n_whole, n_loose + len(opened) - n_whole
    if n_loose <= n_held:
        return form
    records = (record for record in read_records(lines, form) if not record.cause)
    is_held = any(record.end - record.first > 1 for record in records)
    return form if is_held else replace(form, quoted=False)


def read_records(lines: Sequence[str], form: Form) -> Iterator[Record]:
    """The records of a table, the one with the column names first; blank lines are left out.

    Each line is in exactly one record, but for blank lines. A broken record holds the lines that
    are lost with it.

    Args:
        lines: all of the file, with their ends.
        form: the separator, the first line, and what quotes are.
    """
    with _long_fields():
        yield from _Recovery(lines, form).records()


class _Recovery:
    """Reads on behind a broken record."""

    def __init__(self, lines: Sequence[str], form: Form) -> None:
        self._lines = lines
        self._form = form
        self._n_columns = 0
        self._broken: Record | None = None
        """The record that was broken last, while no sound one has come after it."""
        self._reach = 0
        """Index of the line behind all that it had taken in; its lost lines end there at most."""

    def records(self) -> Iterator[Record]:
        start = self._form.first_line
        while start < len(self._lines):
            for record in self._parsed(start):
                start = record.end
                if cause := self._fault(record):
                    yield from self._break(record, cause)
                    start = record.first + 1
                    if start < record.end:
                        break
                elif record.cells:
                    yield from self._flushed()
                    self._n_columns = self._n_columns or len(record.cells)
                    yield record
        yield from self._flushed()

    def _parsed(self, start: int) -> Iterator[Record]:
        """Records from a line on, as csv takes them."""
        rest = (self._lines[index] for index in range(start, len(self._lines)))
        dialect = _Quoted if self._form.quoted else _Unquoted
        reader = csv.reader(rest, dialect, delimiter=self._form.separator)
        while True:
            first = start + reader.line_num
            try:
                cells = tuple(next(reader))
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(first, start + reader.line_num, cause=f"not CSV: {error}")
            else:
                yield Record(first, start + reader.line_num, cells)

    def _fault(self, record: Record) -> str:
        """What is wrong with a record; empty when nothing is."""
        n_more = record.end - record.first - 1
        also = f", with {plural(n_more, 'more line')} inside its quotes" if n_more else ""
        if record.cause:
            return f"{record.cause}{also}"
        if not record.cells or not self._n_columns:
            return ""
        if len(record.cells) != self._n_columns:
            return f"{len(record.cells)} fields where the first line names {self._n_columns}{also}"
        # a broken record's rest, or one that goes on into the next, has an odd quote
        if self._form.quoted and (n_more or self._broken) and self._n_quotes(record) % 2:
            return f"not CSV: a quote without its other{also}"
        return ""

    def _n_quotes(self, record: Record) -> int:
        return sum(line.count('"') for line in self._lines[record.first : record.end])

    def _break(self, record: Record, cause: str) -> Iterator[Record]:
        """Count a broken record's first line with the broken one before it, or begin anew."""
        line = Record(record.first, record.first + 1, cause=cause)
        before = self._broken
        if before is not None and before.end == line.first < self._reach:
            self._broken = Record(before.first, line.end, cause=before.cause)
        else:
            yield from self._flushed()
            self._broken = line
            self._reach = record.end

    def _flushed(self) -> Iterator[Record]:
        if self._broken is not None:
            yield self._broken
            self._broken = None


class _Quoted(csv.excel):
    strict = True


class _Unquoted(_Quoted):
    quoting = csv.QUOTE_NONE


@contextmanager
def _long_fields() -> Iterator[None]:
    limit = csv.field_size_limit(_MAX_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
