"""What Arrow holds becomes JSON, or is left out."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

pa = pytest.importorskip("pyarrow")

from neufs_tui.storage.arrow_rows import ArrowRows  # noqa: E402
from neufs_tui.storage.row_json import fields_to_json  # noqa: E402


def rows_of(columns: dict[str, object], features: object = None) -> list[dict[str, object]]:
    """The rows of a table, through what says of it what its columns are."""
    table = pa.table(columns)
    if features is not None:
        said = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": said})
    maker = ArrowRows(table.schema)
    rows = [*maker.rows(table)]
    assert rows == [row for one in table.to_batches() for row in maker.rows(one)]
    for row in rows:
        fields_to_json(row)
    return rows


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pa.array(["a"]), "a"),
        (pa.array(["a"], pa.large_string()), "a"),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array([True]), True),
        (pa.array([2**63], pa.uint64()), 2**63),
        (pa.array([None]), None),
        (pa.array([None], pa.float64()), None),
        (pa.array([1.5]), 1.5),
        (pa.array([float("nan")]), None),
        (pa.array([float("-inf")]), "-Infinity"),
        (pa.array([dt.date(2026, 1, 2)]), "2026-01-02"),
        (pa.array([dt.time(3, 4, 5)]), "03:04:05"),
        (pa.array([dt.datetime(2026, 1, 2, 3, 4)]), "2026-01-02T03:04:00"),
        (
            pa.array([dt.datetime(2026, 1, 2, tzinfo=dt.UTC)], pa.timestamp("s", "UTC")),
            "2026-01-02T00:00:00+00:00",
        ),
        (pa.array([dt.timedelta(days=1, seconds=2)]), "1 day, 0:00:02"),
        (pa.array([Decimal("1.50")]), "1.50"),
        (pa.array([[1.0, float("nan"), None]]), [1.0, None, None]),
        (pa.array([{"a": {"b": dt.date(2026, 1, 2)}, "c": 1}]), {"a": {"b": "2026-01-02"}, "c": 1}),
        (pa.array([[("a", 1.0)]], pa.map_(pa.string(), pa.float64())), {"a": 1.0}),
        (pa.array([[(1, "a")]], pa.map_(pa.int8(), pa.string())), [[1, "a"]]),
        (pa.array(['{"a": [1]}'], pa.json_()), {"a": [1]}),
        (pa.ListArray.from_arrays([0, 2], pa.array(["{", "1"], pa.json_())), ["{", 1]),
    ],
    ids=str,
)
def test_a_value_becomes_json(column: object, value: object) -> None:
    (row,) = rows_of({"x": column})
    assert row == {"x": value}


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"a"]),
        pa.array([b"a"], pa.binary(1)),
        pa.array([{"bytes": b"a", "path": "p"}]),
        pa.array([[{"sound": [b"a"]}]]),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    ],
    ids=str,
)
def test_bytes_have_no_place_in_a_row(column: object) -> None:
    table = pa.table({"text": ["a"], "x": column})
    maker = ArrowRows(table.schema)
    assert (maker.left_out, maker.columns) == (["x"], ["text"])
    assert [*maker.rows(table)] == [{"text": "a"}]


LABEL = {"names": ["neg", "pos"], "_type": "ClassLabel"}


@pytest.mark.parametrize(
    ("column", "feature", "values"),
    [
        ([0, 1, -1, None, 7], LABEL, ["neg", "pos", None, None, 7]),
        ([[0, 1], [], None], {"feature": LABEL, "_type": "List"}, [["neg", "pos"], [], None]),
        ([[0]], {"feature": LABEL, "length": -1, "_type": "Sequence"}, [["neg"]]),
        ([[1]], [LABEL], [["pos"]]),
        ([{"y": 1, "z": 1}], {"y": LABEL}, [{"y": "pos", "z": 1}]),
        ([{"y": [1]}], {"feature": {"y": LABEL}, "_type": "Sequence"}, [{"y": ["pos"]}]),
        (["neg"], LABEL, ["neg"]),
        ([0], {"_type": "ClassLabel", "num_classes": 2}, [0]),
        (['{"a": 1}', "b"], {"_type": "Json"}, [{"a": 1}, "b"]),
        ([1], {"dtype": "int64", "_type": "Value"}, [1]),
        ([1], "odd", [1]),
    ],
)
def test_classes_become_their_names(column: object, feature: object, values: list[object]) -> None:
    rows = rows_of({"x": pa.array(column)}, {"x": feature})
    assert [row["x"] for row in rows] == values


@pytest.mark.parametrize("said", ["{", "[]", '{"info": null}', '{"info": {"features": []}}'])
def test_what_others_say_of_a_table_is_passed_over(said: str) -> None:
    table = pa.table({"x": [1]}).replace_schema_metadata({"huggingface": said})
    assert [*ArrowRows(table.schema).rows(table)] == [{"x": 1}]
