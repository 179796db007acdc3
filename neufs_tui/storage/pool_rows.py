"""A row of a pool → its example: which field holds the text, and what else the row holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from neufs_tui.core.records import Example, content_hash
from neufs_tui.storage.pool_lines import ReadingRule
from neufs_tui.storage.row_fields import field_path, names_within, value_at, without_field
from neufs_tui.storage.row_json import json_kind

N_PROBED = 100
"""Rows at the beginning of a pool by which it is told where its texts are."""
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_DATA = "data"
"""Where annotation tools put what is annotated."""
_ANSWERED = ("annotations", "completions", "predictions")
"""Of which a task of Label Studio has one at least."""
_BESIDE = {"id", "label", "labels", _DATA}
"""Fields that say nothing against a text under `data`."""


class Unusable(Exception):
    """A row that holds no usable text, with the cause."""


@dataclass(frozen=True, slots=True)
class TextFields:
    """Where the texts of a pool are."""

    names: tuple[str, ...]
    """Fields that may hold the text, the likeliest first."""
    notice: str = ""
    """What the rows were taken for; empty where that is plain."""


def find_text_fields(values: Iterable[object], rule: ReadingRule) -> TextFields:
    """Find out where the texts are: where it was said, or under `input` or `text`, or in `data`.

    What annotation tools export has the text under `data`, or in an object there. It is taken
    from there only where nothing else can be meant.

    Args:
        values: the pool's rows, of which the first are looked at.
        rule: what was said about it.
    """
    rows = [value for value in islice(values, N_PROBED) if isinstance(value, dict)]
    usual = TextFields(rule.text_fields)
    if rule.text_field is not None or any(name in row for row in rows for name in usual.names):
        return usual
    data = [row[_DATA] for row in rows if row.get(_DATA) is not None]
    if data and all(isinstance(one, str) for one in data):
        others = {key for row in rows for key, value in row.items() if isinstance(value, str)}
        found: tuple[str, ...] = (_DATA,) if others <= _BESIDE else ()
        told = "read as rows of doccano: "
    else:
        objects = [one for one in data if isinstance(one, dict)]
        texts = {key for one in objects for key, value in one.items() if isinstance(value, str)}
        named = [name for name in usual.names if name in texts]
        only = named or (texts if len(texts) == 1 else ())
        found = tuple(f"{_DATA}.{name}" for name in only if len(objects) == len(data))
        is_tasks = any(name in row for row in rows for name in _ANSWERED)
        told = "read as tasks of Label Studio: " if is_tasks else ""
    if not found:
        return usual
    return TextFields(found, f"{told}the text is under {' or '.join(map(repr, found))}")


def example_of(value: object, wanted: Sequence[str], row: int) -> Example:
    """A row's example.

    Args:
        value: the row as it was read.
        wanted: fields that may hold the text, the likeliest first.
        row: its place among the good rows.

    Raises:
        Unusable: it holds no text that can be used.
    """
    if not isinstance(value, dict):
        raise Unusable(f"{json_kind(value)}, not an object")
    for name in wanted:
        if path := field_path(value, name):
            break
    else:
        looked_for = " or ".join(repr(name) for name in wanted)
        within = [*names_within(value, str)]
        also = f", and in them {listed(within)}" if within else ""
        raise Unusable(f"no field {looked_for}; its fields are {listed(tuple(value))}{also}")
    text = value_at(value, path)
    if not isinstance(text, str):
        raise Unusable(f"the text under {name!r} is {json_kind(text)}, not a string")
    if not text.strip():
        raise Unusable(f"the text under {name!r} is empty")
    _refuse_lone_surrogates(value, path[0])
    fields = without_field(value, path)
    source_id = _source_id(fields.pop("id", None))
    return Example(content_hash(text), text, row, source_id, fields)


def _refuse_lone_surrogates(value: dict[str, object], text_name: str) -> None:
    """Half a character, as `\\ud800` in JSON, can be neither stored nor shown."""
    for key, field in value.items():
        whole = _ENCODER.encode(field) if isinstance(field, list | dict) else str(field)
        try:
            (key + whole).encode()
        except UnicodeEncodeError as error:
            what = "text" if key == text_name else f"field {key.encode(errors='replace').decode()}"
            raise Unusable(f"{what} holds a lone surrogate") from error


def _source_id(value: object) -> str | int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return _ENCODER.encode(value)


def listed(names: Sequence[str], limit: int = 12) -> str:
    """Names in quotes, in one line."""
    shown = ", ".join(repr(name) for name in names[:limit])
    return (f"{shown}, …" if len(names) > limit else shown) or "none"
