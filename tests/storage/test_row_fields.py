"""A field by its name, which may lead into an object."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.storage.row_fields import (
    field_path,
    field_value,
    names_within,
    value_at,
    without_field,
)

ROW = {"a": 1, "a.b": 2, "b": {"c": 3, "c.d": 4, "e": {"f": None}}, "g": [{"h": 5}], "": {"": 6}}


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("a", ("a",), 1),
        ("a.b", ("a.b",), 2),
        ("b.c", ("b", "c"), 3),
        ("b.c.d", ("b", "c.d"), 4),
        ("b.e", ("b", "e"), {"f": None}),
        ("b.e.f", ("b", "e", "f"), None),
        ("b.x", (), None),
        ("b.", (), None),
        ("a.c", (), None),
        ("g.0.h", (), None),
        ("g.h", (), None),
        (".", ("", ""), 6),
        ("..", (), None),
        ("", ("",), {"": 6}),
    ],
)
def test_a_field_is_found_by_its_name(name: str, path: tuple[str, ...], value: object) -> None:
    assert field_path(ROW, name) == path
    assert field_value(ROW, name) == value


NAMES = st.text("ab.", max_size=3)
VALUES = st.recursive(
    st.integers(0, 1) | st.sampled_from(["x", "y"]),
    lambda one: st.dictionaries(NAMES, one, max_size=2),
    max_leaves=4,
)
ROWS = st.dictionaries(NAMES, VALUES, max_size=3)


@given(ROWS, st.text("ab.", max_size=6))
def test_what_is_found_is_there_and_gone_once_taken_out(row: dict[str, object], name: str) -> None:
    path = field_path(row, name)
    assert (not path) or ".".join(path) == name
    if path:
        less = without_field(row, path)
        assert {**less, path[0]: row[path[0]]} == row
        if len(path) > 1:
            whole, rest = row[path[0]], less.get(path[0], {})
            assert isinstance(whole, dict) and isinstance(rest, dict)
            assert value_at(whole, path[1:]) == field_value(row, name)
            assert len(rest) <= len(whole)
        else:
            assert path[0] not in less


def test_an_object_without_the_field_stays_where_it_holds_more() -> None:
    row = {"data": {"text": "a", "url": "u"}, "meta": {"in": {"text": "b"}}, "id": 1}
    assert without_field(row, ("data", "text")) == {"data": {"url": "u"}} | {
        "meta": {"in": {"text": "b"}},
        "id": 1,
    }
    assert without_field(row, ("meta", "in", "text")) == {"data": row["data"], "id": 1}
    assert row["data"] == {"text": "a", "url": "u"}


@given(ROWS)
def test_names_of_what_lies_within_lead_there(row: dict[str, object]) -> None:
    for name in names_within(row, str):
        assert field_path(row, name)


def test_names_within_are_those_of_the_kind() -> None:
    row = {"a": "no", "b": {"c": "x", "d": 1, "e": {"f": "y", "g": []}}, "h": [{"i": "z"}]}
    assert [*names_within(row, str)] == ["b.c", "b.e.f"]
    assert [*names_within(row, (str, int))] == ["b.c", "b.d", "b.e.f"]
