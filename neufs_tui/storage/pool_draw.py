"""A text of a pool at once: drawn from a part of the file, while the rest is still to be read.

A file of lines is read from a random byte on, behind the next line's end; where a record may go
over lines, as in a table or a JSON list, or the file is packed, its first records are what is
drawn from. Parquet and what `datasets` saved are read from a random row on, other data sets from
their beginning. What was drawn is a text of the pool only if reading all of it finds it too.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from io import SEEK_END, BytesIO
from itertools import islice
from random import Random
from typing import BinaryIO

from neufs_tui.core.draws import draw_key
from neufs_tui.core.records import Example, ExampleId
from neufs_tui.errors import PoolError
from neufs_tui.storage.pool import opened
from neufs_tui.storage.pool_form import Kind
from neufs_tui.storage.pool_gzip import beginning
from neufs_tui.storage.pool_lines import GoodLine, LineReader, ReadingRule
from neufs_tui.storage.pool_place import is_table
from neufs_tui.storage.pool_rows import TextFields, Unusable, example_of, find_text_fields
from neufs_tui.storage.pool_tables import TableReader
from neufs_tui.storage.row_json import items

logger = logging.getLogger(__name__)

_PART = 1 << 18
"""Bytes read, or unpacked; a smaller file is drawn from as a whole."""
_N_ROWS = 1000
"""Rows of a table that are read; a smaller one is drawn from as a whole."""


def draw_example(
    source: str,
    rule: ReadingRule,
    *,
    stdin: BinaryIO | None = None,
    seed: int,
    decided: Collection[ExampleId],
    check: bool = False,
) -> Example | None:
    """Draw an example of a pool of any kind; see `draw_text`.

    Args:
        source: the pool as the user named it.
        rule: what was said about how it is to be read.
        stdin: what `-` reads, which is left at its beginning.
        seed: of the draw.
        decided: what is passed over.
        check: it is drawn for the check set.
    """
    if is_table(source):
        return draw_row(source, rule, seed=seed, decided=decided, check=check)
    try:
        with opened(source, stdin) as stream:
            drawn = draw_text(source, stream, rule, seed=seed, decided=decided, check=check)
            stream.seek(0)
            return drawn
    except PoolError:
        return None  # reading the pool says the same


def draw_text(
    source: str,
    stream: BinaryIO,
    rule: ReadingRule,
    *,
    seed: int,
    decided: Collection[ExampleId],
    check: bool = False,
) -> Example | None:
    """Draw a text that is not decided; the same file and seed give the same.

    Args:
        source: the pool as the user named it.
        stream: its bytes, which can be sought in.
        rule: what was said about how it is to be read.
        seed: of the draw.
        decided: what is passed over.
        check: it is drawn for the check set, so that each part of the file must have its chance.

    Returns:
        The example, with a row that is not its own; None when nothing can be said of the pool
        without reading all of it.
    """
    try:
        head, is_packed = beginning(stream, source, _PART)
        is_whole = len(head) < _PART
        can_seek = not is_whole and not is_packed
        if can_seek and (found := _at_random(source, stream, head, rule, seed, decided)):
            return found
        if not is_whole and check:
            return None
        whole_lines = head if is_whole else head[: head.rfind(b"\n") + 1]
        lines = LineReader(source, BytesIO(whole_lines), rule)
        values = [*_values(lines, is_whole=is_whole)]
        examples = [*_examples(values, find_text_fields(values, rule))]
    except PoolError as error:  # it is said with the right numbers when all is read
        logger.info("nothing is drawn from %s: %s", source, error)
        return None
    return _first_drawn(examples, seed=seed, decided=decided, check=check)


def draw_row(
    source: str,
    rule: ReadingRule,
    *,
    seed: int,
    decided: Collection[ExampleId],
    check: bool = False,
) -> Example | None:
    """Draw a text of Parquet or a data set, as `draw_text` does of a file of lines."""
    try:
        table = TableReader(source)
        first = [*islice(table.rows(), _N_ROWS + 1)]
        is_whole, text_fields = len(first) <= _N_ROWS, find_text_fields(first, rule)
        if not is_whole and table.n_rows is not None:
            behind = table.rows(Random(seed).randrange(table.n_rows))
            examples = _examples(islice(behind, _N_ROWS), text_fields)
            if found := next((one for one in examples if one.id not in decided), None):
                return found
        if not is_whole and check:
            return None
        examples = _examples(first, text_fields)
        return _first_drawn(examples, seed=seed, decided=decided, check=check)
    except PoolError as error:  # it is said when all is read
        logger.info("nothing is drawn from %s: %s", source, error)
        return None


def _first_drawn(
    examples: Iterable[Example], *, seed: int, decided: Collection[ExampleId], check: bool
) -> Example | None:
    open_ones = [one for one in examples if one.id not in decided]
    return min(open_ones, key=lambda one: draw_key(one.id, seed, checks=check), default=None)


def _at_random(
    source: str,
    stream: BinaryIO,
    head: bytes,
    rule: ReadingRule,
    seed: int,
    decided: Collection[ExampleId],
) -> Example | None:
    """The first text behind a random place of a file of lines; None in another file."""
    lines = LineReader(source, BytesIO(head[: head.rfind(b"\n") + 1]), rule)
    ends_lines = "\n".encode(lines.encoding) == b"\n"
    if lines.form.kind not in (Kind.JSON_LINES, Kind.TEXT) or not ends_lines:
        return None
    size = stream.seek(0, SEEK_END)
    stream.seek(Random(seed).randrange(size))
    part = stream.read(_PART)
    part = part[part.find(b"\n") + 1 : part.rfind(b"\n") + 1]
    behind = LineReader(source, BytesIO(part), rule, form=lines.form)
    examples = _examples(_values(behind), find_text_fields(_values(lines), rule))
    return next((one for one in examples if one.id not in decided), None)


def _values(lines: LineReader, *, is_whole: bool = True) -> Iterator[object]:
    """The rows of a part; of one that is cut off, all but the last."""
    good = (line.value for line in lines if isinstance(line, GoodLine))
    if is_whole:
        yield from good
    elif lines.form.kind is Kind.JSON_LIST:
        yield from (lines.row(one) if isinstance(one, str) else one for one in items(lines.text))
    else:
        yield from [*good][:-1]


def _examples(values: Iterable[object], text_fields: TextFields) -> Iterator[Example]:
    """Those of the rows that are usable."""
    for value in values:
        try:
            yield example_of(value, text_fields.names, row=0)
        except Unusable:
            continue
