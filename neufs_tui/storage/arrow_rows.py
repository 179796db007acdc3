"""Rows of Arrow tables, as Parquet and `datasets` hold them → rows as JSON has them.

Classes become their names, times ISO 8601, NaN null; numbers that JSON has not are kept as their
text. Columns of bytes, such as images and sound, have no place in a row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neufs_tui.storage.row_json import NotJson, parse

if TYPE_CHECKING:
    import pyarrow as pa

Convert = Callable[[Any], object]


class ArrowRows:
    """Makes the rows of one table's batches."""

    def __init__(self, schema: pa.Schema) -> None:
        """Find out how each column becomes JSON.

        Args:
            schema: the table's, with what `datasets` has written there of its features.
        """
        self.schema = schema
        features = _features(schema)
        self.left_out: list[str] = []
        """Columns that have no place in a row."""
        self._converts: dict[str, Convert | None] = {}
        """Column → what makes JSON of a value; None where it is JSON already."""
        for field in schema:
            try:
                self._converts[field.name] = _convert(field.type, features.get(field.name))
            except _NotJsonType:
                self.left_out.append(field.name)

    @property
    def columns(self) -> list[str]:
        """Those that a row has."""
        return [*self._converts]

    def rows(self, batch: pa.RecordBatch | pa.Table) -> Iterator[dict[str, object]]:
        """The rows of a batch, in its order."""
        columns = [
            _values(batch.column(batch.schema.get_field_index(name)), convert)
            for name, convert in self._converts.items()
        ]
        names = self.columns
        return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


class _NotJsonType(Exception):
    """A type whose values cannot be JSON."""


def _features(schema: pa.Schema) -> Mapping[str, Any]:
    """Column → the feature it is, as `datasets` writes it; empty where it has written nothing."""
    written = (schema.metadata or {}).get(b"huggingface")
    if written is None:
        return {}
    try:
        features = json.loads(written)["info"]["features"]
    except (ValueError, KeyError, TypeError):  # of another program, or version
        return {}
    return features if isinstance(features, dict) else {}


def _values(column: Any, convert: Convert | None) -> list[object]:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        return [value for chunk in column.chunks for value in _values(chunk, convert)]
    while isinstance(column, pa.ExtensionArray):
        column = column.storage
    values: list[object] = column.to_pylist()
    if convert is None:
        return values
    return [None if value is None else convert(value) for value in values]


def _convert(kind: pa.DataType, feature: Any) -> Convert | None:
    """What makes JSON of a value of a type that is not null; None where it is JSON already.

    Raises:
        _NotJsonType: nothing does.
    """
    import pyarrow as pa
    from pyarrow import types

    named = feature.get("_type") if isinstance(feature, dict) else None
    if isinstance(kind, pa.BaseExtensionType):
        is_json = kind.extension_name == "arrow.json"
        return _from_json if is_json else _convert(kind.storage_type, feature)
    if named == "ClassLabel" and types.is_integer(kind):
        return _class_name(feature.get("names") or ())
    if named == "Json" and (types.is_string(kind) or types.is_large_string(kind)):
        return _from_json
    if types.is_dictionary(kind):
        return _convert(kind.value_type, feature)
    if types.is_struct(kind):
        return _object({one.name: _convert(one.type, _part(feature, one.name)) for one in kind})
    if types.is_map(kind):
        return _pairs(_convert(kind.key_type, None), _convert(kind.item_type, None))
    if (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    ):
        return _list(_convert(kind.value_type, _item(feature)))
    if types.is_floating(kind):
        return _number
    if types.is_date(kind) or types.is_time(kind) or types.is_timestamp(kind):
        return lambda value: value.isoformat()
    if types.is_decimal(kind) or types.is_duration(kind):
        return str
    is_json = types.is_null(kind) or types.is_boolean(kind) or types.is_integer(kind)
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    if not is_json and not is_text:
        raise _NotJsonType
    return None


def _item(feature: Any) -> Any:
    """The feature of a list's items; older versions write a list of one."""
    if isinstance(feature, list):
        return feature[0] if feature else None
    return feature.get("feature") if isinstance(feature, dict) else None


def _part(feature: Any, name: str) -> Any:
    """The feature of an object's field; older versions write a list of objects as their lists."""
    if not isinstance(feature, dict):
        return None
    within = feature.get("feature")
    if feature.get("_type") == "Sequence" and isinstance(within, dict):
        return {"_type": "Sequence", "feature": within.get(name)}
    return feature.get(name)


def _class_name(names: Sequence[str]) -> Convert:
    """Of a number of a class: -1 is none."""

    def convert(number: int) -> object:
        if number == -1:
            return None
        return names[number] if 0 <= number < len(names) else number

    return convert


def _object(parts: Mapping[str, Convert | None]) -> Convert | None:
    wanted = {name: convert for name, convert in parts.items() if convert is not None}
    if not wanted:
        return None

    def convert(value: Mapping[str, object]) -> object:
        return {name: _one(part, wanted.get(name)) for name, part in value.items()}

    return convert


def _list(convert: Convert | None) -> Convert | None:
    return convert and (lambda value: [_one(item, convert) for item in value])


def _pairs(key: Convert | None, item: Convert | None) -> Convert:
    """A map is an object where its keys are strings, else a list of pairs."""

    def convert(value: list[tuple[object, object]]) -> object:
        pairs = [[_one(name, key), _one(one, item)] for name, one in value]
        is_object = all(isinstance(name, str) for name, _ in pairs)
        return {str(name): one for name, one in pairs} if is_object else pairs

    return convert


def _one(value: object, convert: Convert | None) -> object:
    return value if value is None or convert is None else convert(value)


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else json.dumps(value)


def _from_json(text: str) -> object:
    try:
        return parse(text)
    except NotJson:
        return text
