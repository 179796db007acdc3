"""Where a row's text is: named, under its usual name, or where annotation tools put it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from neufs_tui.errors import PoolError
from neufs_tui.storage.pool import Pool, read_pool
from neufs_tui.storage.pool_draw import draw_text
from neufs_tui.storage.pool_lines import ReadingRule


def pool_of(*rows: object, text_field: str | None = None) -> Pool:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    return read_pool("-", text_field=text_field, stdin=BytesIO(lines.encode()))


CHOICE = {"type": "choices", "value": {"choices": ["X"]}, "from_name": "c", "to_name": "t"}


def task(number: int, **data: object) -> dict[str, object]:
    """A task as Label Studio exports it."""
    return {
        "id": number,
        "data": data,
        "annotations": [{"id": 7, "result": [CHOICE]}],
        "predictions": [],
        "created_at": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("row", "text", "fields", "notice"),
    [
        (
            task(4, text="a text"),
            "a text",
            {key: value for key, value in task(4).items() if key not in ("id", "data")},
            "read as tasks of Label Studio: the text is under 'data.text'",
        ),
        (
            {"id": 4, "data": {"text": "a text", "input": "first", "url": "u"}},
            "first",
            {"data": {"text": "a text", "url": "u"}},
            "the text is under 'data.input' or 'data.text'",
        ),
        (
            {"id": 4, "data": {"review": "a text", "n": 3}, "completions": []},
            "a text",
            {"data": {"n": 3}, "completions": []},
            "read as tasks of Label Studio: the text is under 'data.review'",
        ),
        (
            {"id": 4, "data": {"a.b": "a text"}},
            "a text",
            {},
            "the text is under 'data.a.b'",
        ),
        (
            {"id": 4, "data": "a text", "label": ["X"], "Comments": []},
            "a text",
            {"label": ["X"], "Comments": []},
            "read as rows of doccano: the text is under 'data'",
        ),
        ({"id": 4, "text": "a text", "label": ["X"]}, "a text", {"label": ["X"]}, None),
        (
            {"id": 4, "text": "a text", "sentiment": "X", "data": {"text": "no"}},
            "a text",
            {"sentiment": "X", "data": {"text": "no"}},
            None,
        ),
    ],
)
def test_the_text_is_found(
    row: dict[str, object], text: str, fields: dict[str, object], notice: str | None
) -> None:
    pool = pool_of(row)
    (example,) = pool.examples
    assert (example.text, example.source_id, example.fields) == (text, 4, fields)
    assert pool.notices == ((notice,) if notice else ())
    assert pool.text_field is None


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (task(1, title="a", body="b"), "and in them 'data.title', 'data.body'"),
        (task(1, text=3), "its fields are 'id', 'data', 'annotations', "),
        (task(1, turns=["a"]), "its fields are 'id', 'data', 'annotations', "),
        ({"data": "2026-01-01", "note": "a text"}, "its fields are 'data', 'note'"),
        ({"data": ["a text"]}, "its fields are 'data'"),
        ({"data": None}, "its fields are 'data'"),
        ({"doc": {"text": "a", "by": {"name": "b"}}}, "and in them 'doc.text', 'doc.by.name'"),
        ({"body": "a text"}, "its fields are 'body'"),
    ],
)
def test_where_several_may_be_meant_or_none_nothing_is_guessed(row: object, named: str) -> None:
    with pytest.raises(PoolError, match="no field 'input' or 'text'") as caught:
        pool_of(row)
    assert named in caught.value.message
    assert "--text-field" in caught.value.hint


def test_the_whole_beginning_decides() -> None:
    with pytest.raises(PoolError, match="line 2: no field 'input' or 'text'"):
        pool_of({"text": "a"}, task(1, text="b"))
    with pytest.raises(PoolError, match=r"'data\.a', 'data\.b'"):
        pool_of(task(1, a="x"), task(2, a="y", b="z"))
    assert len(pool_of(task(1, a="x", b=None), task(2, a="y")).examples) == 2
    with pytest.raises(PoolError, match=r"line 2: no field 'data\.text'"):
        pool_of(task(1, text="a"), {"id": 2})


def test_a_list_of_tasks_is_a_pool(tmp_path: Path) -> None:
    path = tmp_path / "project-1.json"
    path.write_text(json.dumps([task(n, text=f"text {n}") for n in range(150)], indent=1))
    pool = read_pool(str(path))
    assert [one.text for one in pool.examples] == [f"text {n}" for n in range(150)]
    assert [one.source_id for one in pool.examples] == [*range(150)]
    with path.open("rb") as stream:
        drawn = draw_text(str(path), stream, ReadingRule(), seed=0, decided=())
    assert drawn is not None and drawn.id in {one.id for one in pool.examples}


def test_a_large_file_of_tasks_is_drawn_from_as_it_is_read() -> None:
    rows = [task(n, body=f"text {n} " + "more " * 30) for n in range(2500)]
    raw = "".join(json.dumps(row) + "\n" for row in rows).encode()
    texts = {one.text for one in read_pool("-", stdin=BytesIO(raw)).examples}
    for seed in range(5):
        drawn = draw_text("-", BytesIO(raw), ReadingRule(), seed=seed, decided=())
        assert drawn is not None and drawn.text in texts


@pytest.mark.parametrize(
    ("row", "name", "text", "fields"),
    [
        (
            {"doc": {"body": "a", "by": "b"}, "input": ""},
            "doc.body",
            "a",
            {"doc": {"by": "b"}, "input": ""},
        ),
        ({"doc.body": "a", "doc": {"body": "no"}}, "doc.body", "a", {"doc": {"body": "no"}}),
        ({"doc": {"id": 1, "text": "a"}, "id": 2}, "doc.text", "a", {"doc": {"id": 1}}),
    ],
)
def test_a_named_field_may_lie_within_an_object(
    row: dict[str, object], name: str, text: str, fields: dict[str, object]
) -> None:
    pool = pool_of(row, text_field=name)
    (example,) = pool.examples
    assert (example.text, example.fields) == (text, fields)
    assert example.source_id == row.get("id")
    assert pool.text_field == name and pool.notices == ()


def test_a_column_is_found_as_a_field_is(tmp_path: Path) -> None:
    path = tmp_path / "pool.csv"
    path.write_text("id,data,label\n1,a text,X\n2,another,Y\n")
    assert [one.text for one in read_pool(str(path)).examples] == ["a text", "another"]
    path.write_text("id,data,commento\n1,01/02/2026,bello\n")
    with pytest.raises(PoolError, match="its fields are 'id', 'data', 'commento'"):
        read_pool(str(path))


def test_half_a_character_within_an_object_is_refused() -> None:
    with pytest.raises(PoolError, match="text holds a lone surrogate"):
        pool_of({"data": {"text": "\ud800"}})
