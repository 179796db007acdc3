"""JSONL, JSON and CSV → rows, one at a time; what cannot be read is a value, not an error."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from neufs_tui.errors import PoolError
from neufs_tui.storage.row_json import NotJson, json_kind, parse

_MAX_CSV_FIELD = 2**31 - 1
"""Characters of one CSV field; Python's own limit is 131,072."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used."""

    line_number: int
    """Counted from 1: the line, where a CSV record begins, or the place in a `.json` list."""
    cause: str


Line = tuple[int, object] | BadLine
"""A line's number with what it says, or what is wrong with it."""


class LineReader:
    """The lines of one pool, in file order; blank ones are left out."""

    def __init__(self, source: str, stream: BinaryIO) -> None:
        """Bind a stream that is open for reading bytes.

        Args:
            source: the pool as the user named it; its suffix tells the format.
            stream: read once, from where it stands.
        """
        self._source = source
        self._stream = stream
        self._digest = hashlib.sha256()

    @property
    def unit(self) -> str:
        """What line numbers count."""
        return "item" if self._suffix == ".json" else "line"

    @property
    def sha256(self) -> str:
        """Digest of every byte read so far, 64 hexadecimal digits."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Line]:
        """Read to the end.

        Raises:
            PoolError: the file as a whole is not what its suffix says.
        """
        if self._suffix == ".json":
            return self._json()
        return self._csv() if self._suffix == ".csv" else self._jsonl()

    @property
    def _suffix(self) -> str:
        return Path(self._source).suffix.lower()

    def _raw_lines(self) -> Iterator[bytes]:
        for number, raw in enumerate(self._stream):
            self._digest.update(raw)
            yield raw.removeprefix(b"\xef\xbb\xbf") if number == 0 else raw

    def _jsonl(self) -> Iterator[Line]:
        for number, raw in enumerate(self._raw_lines(), start=1):
            if raw.isspace() or not raw:
                continue
            try:
                yield number, parse(raw.decode("utf-8"))
            except UnicodeDecodeError as error:
                yield BadLine(number, _not_utf8(error))
            except NotJson as error:
                yield BadLine(number, str(error))

    def _json(self) -> Iterator[Line]:
        raw = self._stream.read()
        self._digest.update(raw)
        try:
            items = parse(raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise PoolError(f"{self._source} is {_not_utf8(error)}", hint=_UTF8_HINT) from error
        except NotJson as error:
            raise PoolError(
                f"{self._source} is {error}", hint="name it .jsonl if it has one object a line"
            ) from error
        if not isinstance(items, list):
            raise PoolError(
                f"{self._source} holds {json_kind(items)}, not a list",
                hint="give a list of objects or of texts, or one object a line as .jsonl",
            )
        for number, item in enumerate(items, start=1):
            yield number, {"text": item} if isinstance(item, str) else item

    def _csv(self) -> Iterator[Line]:
        limit = csv.field_size_limit(_MAX_CSV_FIELD)
        try:
            yield from self._csv_records()
        finally:
            csv.field_size_limit(limit)

    def _csv_records(self) -> Iterator[Line]:
        # Undecodable bytes become lone surrogates, so that a quoted field may go on past them
        lines = (raw.decode("utf-8", "surrogateescape") for raw in self._raw_lines())
        reader = csv.reader(lines, strict=True)
        header: list[str] | None = None
        while True:
            number = reader.line_num + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadLine(number, f"not CSV: {error}")
                continue
            if header is None:
                header = self._header(record)
            elif record:
                yield _csv_row(number, header, record)

    def _header(self, record: list[str]) -> list[str]:
        for name in record:
            if record.count(name) > 1:
                raise PoolError(
                    f"the first line of {self._source} names {name!r} twice",
                    hint="give each column a name of its own",
                )
            if (byte := _escaped_byte(name)) is not None:
                raise PoolError(
                    f"the first line of {self._source} is not UTF-8: byte 0x{byte:02x}",
                    hint=_UTF8_HINT,
                )
        return record


def source_name(source: str) -> str:
    """The pool as messages call it."""
    return "standard input" if source == "-" else source


_UTF8_HINT = "save it as UTF-8, for instance with iconv -t UTF-8"


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at place {error.start + 1}"


def _csv_row(number: int, header: list[str], record: list[str]) -> Line:
    if len(record) != len(header):
        return BadLine(number, f"{len(record)} fields where the first line names {len(header)}")
    for name, value in zip(header, record, strict=True):
        if (byte := _escaped_byte(value)) is not None:
            return BadLine(number, f"not UTF-8: byte 0x{byte:02x} in column {name!r}")
    return number, dict(zip(header, record, strict=True))


def _escaped_byte(text: str) -> int | None:
    """The first byte that could not be decoded, or None."""
    if text.isascii():
        return None
    return next((ord(char) - 0xDC00 for char in text if "\udc80" <= char <= "\udcff"), None)
