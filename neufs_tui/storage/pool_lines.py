"""A pool file → rows, one at a time; what cannot be read is a value, not an error."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from neufs_tui.errors import PoolError
from neufs_tui.storage.pool_bytes import decode, other_encoding, undecoded
from neufs_tui.storage.pool_form import Form, Kind, find_form, is_expected
from neufs_tui.storage.pool_table import Record, read_records, settle_quotes
from neufs_tui.storage.row_json import NotJson, json_kind, parse

TEXT_FIELDS = ("input", "text")
"""Where the text is looked for, in this order, unless the user names a field."""


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """What was said about how a pool is to be read; None means: not said."""

    text_field: str | None = None
    """Field that holds the text; None finds it out, see `storage/pool_rows.py`."""
    encoding: str | None = None
    """Encoding of the file, unless a mark in it says otherwise."""
    last_encoding: str | None = None
    """Encoding named the last time, for a file that is not UTF-8."""

    @property
    def text_fields(self) -> tuple[str, ...]:
        """Where the text is looked for, in this order."""
        return TEXT_FIELDS if self.text_field is None else (self.text_field,)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used, or several that a broken record takes with it."""

    line_number: int
    """Counted from 1: the line, where a CSV record begins, or the place in a `.json` list."""
    cause: str
    n_lines: int = 1
    """How many are lost."""
    has_undecoded: bool = False
    """It holds bytes that the encoding has no character for."""

    @property
    def place(self) -> str:
        """The lines' numbers, such as `7` or `7 to 11`."""
        last = self.line_number + self.n_lines - 1
        return f"{self.line_number:,} to {last:,}" if self.n_lines > 1 else f"{last:,}"


@dataclass(frozen=True, slots=True)
class GoodLine:
    """A line that can be used, or several that hold one record."""

    line_number: int
    """As in `BadLine`."""
    value: object
    n_lines: int = 1


Line = GoodLine | BadLine


class LineReader:
    """The lines of one pool, in file order; blank ones are left out."""

    def __init__(
        self, source: str, stream: BinaryIO, rule: ReadingRule, *, form: Form | None = None
    ) -> None:
        """Read a stream to its end and find out what it holds.

        Args:
            source: the pool as the user named it; its suffix tells the format, if it can.
            stream: open for reading bytes; read from where it stands.
            rule: what was said about it.
            form: what it is made of, where that is known.

        Raises:
            PoolError: the bytes are in no encoding that is known, or not in the one named.
        """
        self.name = source_name(source)
        """The pool as messages call it."""
        self._rule = rule
        decoded = decode(
            stream.read(), self.name, said=rule.encoding, remembered=rule.last_encoding
        )
        self.named_encoding = decoded.named
        """The encoding that was said or remembered, if it is the one in use."""
        self.encoding = decoded.encoding
        """The encoding in use, as messages call it."""
        self._lines = _split(decoded.text)
        named = rule.text_field is not None
        self.form = form or settle_quotes(
            self._lines, find_form(source, self._lines, rule.text_fields, named=named)
        )
        """What the pool is made of."""
        read_as = "" if is_expected(self.form, source) else f"read as {self.form}"
        self.notices = tuple(filter(None, (decoded.notice, read_as)))
        """What the pool was taken for, where that is not plain from its name."""

    @property
    def unit(self) -> str:
        """What line numbers count."""
        return "item" if self.form.kind is Kind.JSON_LIST else "line"

    @property
    def encoding_hint(self) -> str:
        """How to read the bytes that could not be; empty when the lines are damaged."""
        if self.named_encoding is not None:
            return "name the encoding it was saved in with --encoding"
        return other_encoding(self._lines)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._lines)

    def __iter__(self) -> Iterator[Line]:
        """Read to the end.

        Raises:
            PoolError: the file as a whole is not what it seems to be.
        """
        match self.form.kind:
            case Kind.JSON_LIST:
                return self._json_list()
            case Kind.TABLE:
                return self._table()
            case Kind.JSON_LINES:
                return self._json_lines()
            case Kind.TEXT:
                return self._texts()

    def _json_lines(self) -> Iterator[Line]:
        for number, line in self._whole_lines():
            if isinstance(line, BadLine):
                yield line
                continue
            try:
                yield GoodLine(number, parse(line))
            except NotJson as error:
                yield BadLine(number, str(error))

    def _texts(self) -> Iterator[Line]:
        for number, line in self._whole_lines():
            if isinstance(line, BadLine):
                yield line
            else:
                yield GoodLine(number, self.row(line.rstrip("\r\n")))

    def _whole_lines(self) -> Iterator[tuple[int, str | BadLine]]:
        """The lines that are not blank, with their numbers."""
        for number, line in enumerate(self._lines, start=1):
            if not line.strip(" \t\n\r\f\v"):
                continue
            if (found := undecoded(line)) is not None:
                place, byte = found
                cause = f"{self._not_decoded(byte)} at place {place + 1}"
                yield number, BadLine(number, cause, has_undecoded=True)
            else:
                yield number, line

    def _json_list(self) -> Iterator[Line]:
        text = self.text
        if (found := undecoded(text)) is not None:
            place, byte = found
            raise PoolError(
                f"{self.name} is {self._not_decoded(byte)} at place {place + 1}",
                hint=self.encoding_hint or "correct it there",
            )
        try:
            items = parse(text)
        except NotJson as error:
            raise PoolError(
                f"{self.name} is {error}", hint="name it .jsonl if it has one object a line"
            ) from error
        if not isinstance(items, list):
            raise PoolError(
                f"{self.name} holds {json_kind(items)}, not a list",
                hint="give a list of objects or of texts, or one object a line as .jsonl",
            )
        for number, item in enumerate(items, start=1):
            yield GoodLine(number, self.row(item) if isinstance(item, str) else item)

    def _table(self) -> Iterator[Line]:
        records = read_records(self._lines, self.form)
        first = next(records, None)
        if first is None:
            return
        header = self._header(first)
        for record in records:
            number = record.first + 1
            if record.cause:
                lost = self._lines[record.first : record.end]
                has_undecoded = any(undecoded(line) is not None for line in lost)
                yield BadLine(number, record.cause, len(lost), has_undecoded)
            else:
                yield self._table_row(header, record)

    def _table_row(self, header: Sequence[str], record: Record) -> Line:
        number, n_lines = record.first + 1, record.end - record.first
        for name, value in zip(header, record.cells, strict=True):
            if (found := undecoded(value)) is not None:
                cause = f"{self._not_decoded(found[1])} in column {name!r}"
                return BadLine(number, cause, n_lines, has_undecoded=True)
        return GoodLine(number, dict(zip(header, record.cells, strict=True)), n_lines)

    def _header(self, record: Record) -> tuple[str, ...]:
        if record.cause:
            raise PoolError(
                f"the first line of {self.name} is {record.cause}", hint="correct it there"
            )
        for name in record.cells:
            if record.cells.count(name) > 1:
                raise PoolError(
                    f"the first line of {self.name} names {name!r} twice",
                    hint="give each column a name of its own",
                )
            if (found := undecoded(name)) is not None:
                raise PoolError(
                    f"the first line of {self.name} is {self._not_decoded(found[1])}",
                    hint=self.encoding_hint or "correct it there",
                )
        return record.cells

    def row(self, text: str) -> dict[str, str]:
        """A row of a file that holds texts and nothing else."""
        return {self._rule.text_fields[0]: text}

    def _not_decoded(self, byte: int) -> str:
        return f"not {self.encoding}: byte 0x{byte:02x}"


def source_name(source: str) -> str:
    """The pool as messages call it."""
    return "standard input" if source == "-" else source


def _split(text: str) -> list[str]:
    """Lines with their ends; what ends them is a line feed, or in old files a carriage return."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return io.StringIO(text, newline="\n").readlines()
