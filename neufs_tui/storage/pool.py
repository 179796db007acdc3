"""The pool: a file of texts to label, read once, each text kept once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from neufs_tui.core.records import Example, ExampleId, content_hash
from neufs_tui.errors import PoolError
from neufs_tui.storage.pool_lines import BadLine, LineReader, source_name
from neufs_tui.storage.row_json import json_kind

__all__ = ["BadLine", "Pool", "distinct_values", "read_pool"]

TEXT_FIELDS = ("input", "text")
"""Where the text is looked for, in this order, unless the user names a field."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_N_NAMED = 5
"""Bad lines named in an error; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The texts of one file."""

    source: str
    """Path, or `-` for standard input, as the user named it."""
    examples: tuple[Example, ...]
    """Each text once, in file order."""
    rows: tuple[Mapping[str, Any], ...] = ()
    """Other fields of every good row in file order, those of repeated texts included."""
    bad_lines: tuple[BadLine, ...] = ()
    """Lines left out because the user allowed it."""
    sha256: str = ""
    """Digest of the file's bytes."""
    text_field: str | None = None
    """Field that the user named as holding the text."""

    @property
    def n_rows(self) -> int:
        """Good rows."""
        return len(self.rows)

    @property
    def n_repeats(self) -> int:
        """Good rows whose text came before."""
        return len(self.rows) - len(self.examples)


def read_pool(
    source: str,
    *,
    text_field: str | None = None,
    skip_bad_lines: bool = False,
    stdin: BinaryIO | None = None,
) -> Pool:
    """Read a pool; of rows with the same text the first is kept.

    Args:
        source: path of a `.json`, `.csv` or JSONL file, or `-` for JSONL on standard input.
        text_field: field that holds the text; None looks for `input`, then `text`.
        skip_bad_lines: leave out lines that cannot be used instead of failing.
        stdin: what `-` reads; None is the process's own standard input.

    Raises:
        PoolError: there is no such file, no text in it, or a bad line that may not be skipped.
    """
    wanted = (text_field,) if text_field is not None else TEXT_FIELDS
    examples: dict[ExampleId, Example] = {}
    rows: list[Mapping[str, Any]] = []
    bad_lines: list[BadLine] = []
    name = source_name(source)
    with _opened(source, stdin) as stream:
        lines = LineReader(source, stream)
        for line in lines:
            if isinstance(line, BadLine):
                bad_lines.append(line)
                continue
            number, value = line
            try:
                example = _example(value, wanted, row=len(rows))
            except _Unusable as error:
                bad_lines.append(BadLine(number, str(error)))
                continue
            rows.append(example.fields)
            examples.setdefault(example.id, example)
    if bad_lines and not skip_bad_lines:
        raise _bad_lines_error(name, bad_lines, lines.unit)
    if not examples:
        also = f": all of its {len(bad_lines)} {lines.unit}s are bad" if bad_lines else ""
        raise PoolError(f"{name} holds no texts{also}", hint="give at least one row with a text")
    return Pool(
        source=source,
        examples=tuple(examples.values()),
        rows=tuple(rows),
        bad_lines=tuple(bad_lines),
        sha256=lines.sha256,
        text_field=text_field,
    )


def distinct_values(pool: Pool, field: str) -> tuple[str, ...]:
    """The values of a field over all rows, in order of first appearance, as label names.

    Returns:
        Strings as they are, numbers and booleans as JSON writes them; null and blank left out.

    Raises:
        PoolError: no row has a value there, or one is a list or an object.
    """
    found: dict[str, None] = {}
    for row in pool.rows:
        value = row.get(field)
        if isinstance(value, list | dict):
            raise PoolError(
                f"field {field!r} holds {json_kind(value)}, which cannot be a label",
                hint="name a field that holds one string or number a row",
            )
        if value is not None and str(value).strip():
            found[value if isinstance(value, str) else json.dumps(value)] = None
    if not found:
        present = dict.fromkeys(name for row in pool.rows for name in row)
        raise PoolError(
            f"no row of {source_name(pool.source)} has a value in field {field!r}",
            hint=f"choose one of its fields: {_listed(tuple(present))}",
        )
    return tuple(found)


class _Unusable(Exception):
    """A row that holds no usable text, with the cause."""


def _example(value: object, wanted: Sequence[str], row: int) -> Example:
    if not isinstance(value, dict):
        raise _Unusable(f"{json_kind(value)}, not an object")
    name = next((name for name in wanted if name in value), None)
    if name is None:
        looked_for = " or ".join(repr(name) for name in wanted)
        raise _Unusable(f"no field {looked_for}; its fields are {_listed(tuple(value))}")
    text = value[name]
    if not isinstance(text, str):
        raise _Unusable(f"the text under {name!r} is {json_kind(text)}, not a string")
    if not text.strip():
        raise _Unusable(f"the text under {name!r} is empty")
    _refuse_lone_surrogates(value, name)
    fields = {key: field for key, field in value.items() if key not in (name, "id")}
    source_id = _source_id(value.get("id")) if name != "id" else None
    return Example(content_hash(text), text, row, source_id, fields)


def _refuse_lone_surrogates(value: dict[str, object], text_name: str) -> None:
    """Half a character, as `\\ud800` in JSON, can be neither stored nor shown."""
    for key, field in value.items():
        whole = _ENCODER.encode(field) if isinstance(field, list | dict) else str(field)
        try:
            (key + whole).encode()
        except UnicodeEncodeError as error:
            what = "text" if key == text_name else f"field {key.encode(errors='replace').decode()}"
            raise _Unusable(f"{what} holds a lone surrogate") from error


def _source_id(value: object) -> str | int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return _ENCODER.encode(value)


@contextmanager
def _opened(source: str, stdin: BinaryIO | None) -> Iterator[BinaryIO]:
    if source == "-":
        yield stdin or sys.stdin.buffer
        return
    path = Path(source)
    if path.is_dir():
        raise PoolError(f"{source} is a folder", hint="give the file in it that holds the texts")
    try:
        with path.open("rb") as stream:
            yield stream
    except FileNotFoundError as error:
        raise PoolError(f"there is no file {source}", hint="check the path of the pool") from error
    except OSError as error:
        raise PoolError(
            f"{source} cannot be read: {error.strerror}", hint="check the file and its permissions"
        ) from error


def _bad_lines_error(name: str, bad_lines: Sequence[BadLine], unit: str) -> PoolError:
    named = "".join(f"\n  {unit} {bad.line_number}: {bad.cause}" for bad in bad_lines[:_N_NAMED])
    rest = f"\n  and {len(bad_lines) - _N_NAMED} more" if len(bad_lines) > _N_NAMED else ""
    units = unit if len(bad_lines) == 1 else f"{unit}s"
    return PoolError(
        f"{name} has {len(bad_lines):,} bad {units}:{named}{rest}",
        hint="correct them, say which field holds the text with --text-field, "
        "or go on without them with --skip-bad-lines",
    )


def _listed(names: Sequence[str], limit: int = 12) -> str:
    shown = ", ".join(repr(name) for name in names[:limit])
    return (f"{shown}, …" if len(names) > limit else shown) or "none"
