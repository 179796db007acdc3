"""The pool: texts to label, of a file or a data set, read once, each text kept once."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from neufs_tui.core.records import Example, ExampleId
from neufs_tui.core.text import plural
from neufs_tui.errors import PoolError
from neufs_tui.storage.pool_gzip import unpacked
from neufs_tui.storage.pool_lines import BadLine, GoodLine, LineReader, ReadingRule
from neufs_tui.storage.pool_place import cannot_open, is_table, pool_digest
from neufs_tui.storage.pool_rows import N_PROBED, Unusable, example_of, find_text_fields
from neufs_tui.storage.pool_tables import TableReader

__all__ = ["BadLine", "Pool", "read_pool"]

Reader = LineReader | TableReader

_N_NAMED = 5
"""Bad lines named in an error; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The texts of one file or data set."""

    source: str
    """Path, or `-` for standard input, as the user named it."""
    examples: tuple[Example, ...]
    """Each text once, in file order."""
    rows: tuple[Mapping[str, Any], ...] = ()
    """Other fields of every good row in file order, those of repeated texts included."""
    repeats: tuple[Example, ...] = ()
    """Rows whose text came before, with what else they hold."""
    bad_lines: tuple[BadLine, ...] = ()
    """Lines left out because the user allowed it."""
    sha256: str = ""
    """Digest of the file's bytes; see `storage/pool_place.py` for a folder."""
    text_field: str | None = None
    """Field that the user named as holding the text."""
    encoding: str | None = None
    """Encoding that the user named, if it is the one in use."""
    read_as: tuple[str, ...] = ()
    """What the file was taken for, where that is not plain from its name."""
    encoding_hint: str = ""
    """How to read lines left out for bytes that are in another encoding."""
    n_held_out: int = 0
    """Texts that were taken out of it."""

    @property
    def is_file(self) -> bool:
        """Whether it can be read again."""
        return self.source != "-"

    @property
    def n_rows(self) -> int:
        """Good rows."""
        return len(self.rows)

    @property
    def n_repeats(self) -> int:
        """Good rows whose text came before."""
        return len(self.rows) - len(self.examples) - self.n_held_out

    def without(self, ids: Container[ExampleId]) -> Pool:
        """The pool less some texts."""
        kept = tuple(one for one in self.examples if one.id not in ids)
        n_held_out = self.n_held_out + len(self.examples) - len(kept)
        return replace(self, examples=kept, n_held_out=n_held_out)

    @property
    def n_bad_lines(self) -> int:
        """Lines left out, those that a broken record took with it included."""
        return sum(bad.n_lines for bad in self.bad_lines)

    @property
    def notices(self) -> tuple[str, ...]:
        """What is to be known of the file before its numbers are read."""
        notices = [*self.read_as]
        if self.bad_lines:
            hint = f": {self.encoding_hint}" if self.encoding_hint else ""
            places = [bad.place for bad in self.bad_lines[:_N_NAMED]]
            more = ", …" if len(self.bad_lines) > _N_NAMED else ""
            n_bad = plural(self.n_bad_lines, "bad line")
            notices.append(f"{n_bad} skipped ({', '.join(places)}{more}){hint}")
        if self.n_repeats:
            repeats = plural(self.n_repeats, "repeated text is", "repeated texts are")
            notices.append(f"{repeats} labelled once")
        return tuple(notices)


def read_pool(
    source: str,
    *,
    text_field: str | None = None,
    encoding: str | None = None,
    last_encoding: str | None = None,
    skip_bad_lines: bool = False,
    stdin: BinaryIO | None = None,
    check: Callable[[], None] = lambda: None,
) -> Pool:
    """Read a pool; of rows with the same text the first is kept.

    Args:
        source: path of a file, of a folder with a data set, or of a split in one; `-` for standard
            input.
        text_field: field that holds the text; None finds it out, see `storage/pool_rows.py`.
        encoding: encoding of the file; None finds out whether it is UTF-8 or has a mark.
        last_encoding: encoding named the last time, for a file that is not UTF-8.
        skip_bad_lines: leave out lines that cannot be used instead of failing.
        stdin: what `-` reads; None is the process's own standard input.
        check: called for each line; what it raises ends the reading.

    Raises:
        PoolError: there is no such file, no text in it, or a bad line that may not be skipped.
    """
    rule = ReadingRule(text_field, encoding, last_encoding)
    examples: dict[ExampleId, Example] = {}
    repeats: list[Example] = []
    rows: list[Mapping[str, Any]] = []
    bad_lines: list[BadLine] = []
    lines, sha256 = _reader(source, stdin, rule)
    rest = iter(lines)
    first = [*islice(rest, N_PROBED)]
    text_fields = find_text_fields((one.value for one in first if isinstance(one, GoodLine)), rule)
    for line in chain(first, rest):
        check()
        if isinstance(line, BadLine):
            bad_lines.append(line)
            continue
        try:
            example = example_of(line.value, text_fields.names, row=len(rows))
        except Unusable as error:
            bad_lines.append(BadLine(line.line_number, str(error), line.n_lines))
            continue
        rows.append(example.fields)
        if examples.setdefault(example.id, example) is not example:
            repeats.append(example)
    is_undecoded = any(bad.has_undecoded for bad in bad_lines)
    encoding_hint = lines.encoding_hint if is_undecoded else ""
    if bad_lines and not skip_bad_lines:
        raise _bad_lines_error(lines, bad_lines, encoding_hint)
    if not examples:
        n_bad = sum(bad.n_lines for bad in bad_lines)
        also = f": all of its {plural(n_bad, lines.unit)} are bad" if bad_lines else ""
        hint = encoding_hint or "give at least one row with a text"
        raise PoolError(f"{lines.name} holds no texts{also}", hint=hint)
    return Pool(
        source=source,
        examples=tuple(examples.values()),
        rows=tuple(rows),
        repeats=tuple(repeats),
        bad_lines=tuple(bad_lines),
        sha256=sha256,
        text_field=text_field,
        encoding=lines.named_encoding,
        read_as=(*lines.notices, *filter(None, [text_fields.notice])),
        encoding_hint=encoding_hint,
    )


def _reader(source: str, stdin: BinaryIO | None, rule: ReadingRule) -> tuple[Reader, str]:
    """What reads a pool, and the digest of what it reads."""
    if is_table(source):
        try:
            sha256 = pool_digest(source)
        except OSError as error:
            raise cannot_open(source, error) from error
        return TableReader(source), sha256
    with opened(source, stdin) as stream:
        raw = stream.read()
    lines = LineReader(source, BytesIO(unpacked(raw, source)), rule)
    return lines, hashlib.sha256(raw).hexdigest()


@contextmanager
def opened(source: str, stdin: BinaryIO | None) -> Iterator[BinaryIO]:
    """A pool's bytes, or what was given as standard input.

    Raises:
        PoolError: there is no such file, or it cannot be read.
    """
    if source == "-":
        yield stdin or sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as stream:
            yield stream
    except OSError as error:
        raise cannot_open(source, error) from error


def _bad_lines_error(lines: Reader, bad_lines: Sequence[BadLine], hint: str) -> PoolError:
    """Name the first; a file in another encoding is to be read otherwise, not without them."""
    named = "".join(
        f"\n  {lines.unit if bad.n_lines == 1 else f'{lines.unit}s'} {bad.place}: {bad.cause}"
        for bad in bad_lines[:_N_NAMED]
    )
    n_more = sum(bad.n_lines for bad in bad_lines[_N_NAMED:])
    rest = f"\n  and {n_more:,} more" if n_more else ""
    n_bad = sum(bad.n_lines for bad in bad_lines)
    message = f"{lines.name} has {plural(n_bad, f'bad {lines.unit}')}:{named}{rest}"
    if hint and all(bad.has_undecoded for bad in bad_lines):
        return PoolError(message, hint=hint)
    usual = (
        "correct them, say which field holds the text with --text-field, "
        "or go on without them with --skip-bad-lines"
    )
    return PoolError(message, hint=f"{hint}; {usual}" if hint else usual)
