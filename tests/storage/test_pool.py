from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import content_hash
from neufs_tui.errors import PoolError
from neufs_tui.storage.gold_labels import gold_labels
from neufs_tui.storage.pool import BadLine, read_pool
from tests.pools import AWKWARD, write_rows


def pool_file(tmp_path: Path, content: str | bytes, name: str = "pool.jsonl") -> str:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def bad_lines(source: str) -> tuple[BadLine, ...]:
    return read_pool(source, skip_bad_lines=True).bad_lines


def test_a_row_becomes_an_example_with_its_other_fields(tmp_path: Path) -> None:
    row = {"id": "r7", "input": "Hello", "label": "A", "choices": ["x", "y"], "text": "kept"}
    pool = read_pool(str(write_rows(tmp_path / "pool.jsonl", [row])))
    (example,) = pool.examples
    assert (example.id, example.text, example.row) == (content_hash("Hello"), "Hello", 0)
    assert example.source_id == "r7"
    assert example.fields == {"label": "A", "choices": ["x", "y"], "text": "kept"}
    assert (pool.n_rows, pool.n_repeats, pool.bad_lines) == (1, 0, ())


def test_a_named_field_holds_the_text(tmp_path: Path) -> None:
    source = pool_file(tmp_path, '{"input": "no", "body": "yes"}')
    (example,) = read_pool(source, text_field="body").examples
    assert example.text == "yes"
    assert example.fields == {"input": "no"}


def test_of_rows_with_the_same_text_the_first_is_kept(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}, {"id": 3, "text": "a"}]
    pool = read_pool(str(write_rows(tmp_path / "pool.jsonl", rows)))
    assert [(e.source_id, e.row) for e in pool.examples] == [(1, 0), (2, 1)]
    assert (pool.n_rows, pool.n_repeats) == (3, 1)


def test_rows_are_counted_without_the_bad_ones(tmp_path: Path) -> None:
    source = pool_file(tmp_path, '{"text": "a"}\nnonsense\n{"text": "b"}\n')
    pool = read_pool(source, skip_bad_lines=True)
    assert [example.row for example in pool.examples] == [0, 1]
    assert [bad.line_number for bad in pool.bad_lines] == [2]


def test_blank_lines_a_mark_and_carriage_returns_mean_nothing(tmp_path: Path) -> None:
    source = pool_file(tmp_path, b'\xef\xbb\xbf{"text": "a"}\r\n\r\n  \n{"text": "b"}')
    assert [example.text for example in read_pool(source).examples] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b"{'text': 1}", "not JSON: Expecting property name enclosed in double quotes at column 2"),
        (b'{"text": "a"} x', "not JSON: Extra data at column 15"),
        (b'{"text": ' + b"9" * 5000 + b"}", "not JSON: Exceeds the limit"),
        (b"[" * 200_000, "not JSON that can be read: nested too deeply"),
        (b'["a"]', "a list, not an object"),
        (b'"a"', "a string, not an object"),
        (b"null", "null, not an object"),
        (b"12", "a number, not an object"),
        (b'{"id": 1, "body": "a"}', "no field 'input' or 'text'; its fields are 'id', 'body'"),
        (b"{}", "no field 'input' or 'text'; its fields are none"),
        (b'{"text": 5}', "the text under 'text' is a number, not a string"),
        (b'{"input": null}', "the text under 'input' is null, not a string"),
        (b'{"text": true}', "the text under 'text' is true or false, not a string"),
        (b'{"text": ""}', "the text under 'text' is empty"),
        (b'{"text": " \\n\\t "}', "the text under 'text' is empty"),
        (b'{"text": "\xc3\xa9, caf\xe9"}', "not UTF-8: byte 0xe9 at place 17"),
        (b'{"text": "\\ud800"}', "text holds a lone surrogate"),
        (b'{"text": "a", "note": "\\udfff"}', "field note holds a lone surrogate"),
        (b'{"text": "a", "note": ["\\udfff"]}', "field note holds a lone surrogate"),
    ],
)
def test_a_bad_line_is_named_with_its_cause(tmp_path: Path, line: bytes, cause: str) -> None:
    good = '{"text": "gööd"}\n\n'.encode()
    source = pool_file(tmp_path, good + line + b"\n")
    (bad,) = bad_lines(source)
    assert bad.line_number == 3
    assert bad.cause.startswith(cause)
    with pytest.raises(PoolError, match="1 bad line:\n  line 3: ") as caught:
        read_pool(source)
    assert "--skip-bad-lines" in caught.value.hint


def test_many_bad_lines_are_counted_after_the_fifth(tmp_path: Path) -> None:
    source = pool_file(tmp_path, "x\n" * 17)
    with pytest.raises(PoolError) as caught:
        read_pool(source)
    assert "17 bad lines:\n  line 1: " in caught.value.message
    assert "line 5: " in caught.value.message
    assert "line 6: " not in caught.value.message
    assert caught.value.message.endswith("and 12 more")
    with Path(source).open("a") as stream:
        stream.write('{"text": "a"}')
    (notice,) = read_pool(source, skip_bad_lines=True).notices
    assert notice == "17 bad lines skipped (1, 2, 3, 4, 5, …)"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pool.jsonl", b""),
        ("pool.jsonl", b"\n \n"),
        ("pool.json", b"[]"),
        ("pool.json", b'{"data": []}'),
        ("pool.json", b'["a"'),
        ("pool.json", b'["\xff"]'),
        ("pool.csv", b""),
        ("pool.csv", b"text,label\n"),
        ("pool.csv", b"text,text\na,b\n"),
        ("pool.csv", b"text,\xff\na,b\n"),
    ],
)
def test_a_file_without_texts_is_refused_with_a_hint(
    tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(PoolError) as caught:
        read_pool(pool_file(tmp_path, content, name))
    assert caught.value.hint


def test_a_pool_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PoolError, match="there is no file"):
        read_pool(str(tmp_path / "none.jsonl"))
    with pytest.raises(PoolError, match="is a folder"):
        read_pool(str(tmp_path))


@pytest.mark.parametrize("name", ["pool.parquet", "saved", "saved/test", "loadable"])
def test_without_the_package_that_reads_it_is_said_how_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for package in ("datasets", "pyarrow"):
        monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "loadable").mkdir()
    (tmp_path / "saved/test").mkdir(parents=True)
    for one, content in (
        ("pool.parquet", "PAR1"),
        ("saved/dataset_dict.json", '{"splits": ["test"]}'),
        ("saved/test/state.json", '{"_data_files": []}'),
        ("loadable/train.jsonl", '{"text": "a"}'),
    ):
        (tmp_path / one).write_text(content)
    with pytest.raises(PoolError, match="cannot be read without the package datasets") as caught:
        read_pool(str(tmp_path / name))
    assert caught.value.hint == "pip install 'neufs-tui[data]'"


def test_a_pool_of_bad_lines_alone_is_empty_even_when_they_are_skipped(tmp_path: Path) -> None:
    with pytest.raises(PoolError, match="all of its 2 lines are bad"):
        read_pool(pool_file(tmp_path, "x\ny\n"), skip_bad_lines=True)


def test_a_json_list_may_hold_objects_and_texts(tmp_path: Path) -> None:
    source = pool_file(tmp_path, '\ufeff["a",\n {"input": "b", "id": 4}, 5]', "pool.JSON")
    pool = read_pool(source, skip_bad_lines=True)
    assert [example.text for example in pool.examples] == ["a", "b"]
    assert pool.bad_lines == (BadLine(3, "a number, not an object"),)
    with pytest.raises(PoolError, match="1 bad item:\n  item 3: "):
        read_pool(source)


def test_standard_input_is_read_as_json_lines() -> None:
    pool = read_pool("-", stdin=io.BytesIO(b'{"text": "a"}\n{"text": "b"}'))
    assert [example.text for example in pool.examples] == ["a", "b"]
    with pytest.raises(PoolError, match="standard input has 1 bad line"):
        read_pool("-", stdin=io.BytesIO(b'{"text": 1}\n'))


def test_csv_fields_may_hold_quotes_commas_and_lines(tmp_path: Path) -> None:
    content = '\ufeffid,text,label\r\n1,"He said ""no"",\nthen left",A\r\n\r\n,plain,\r\n'
    pool = read_pool(pool_file(tmp_path, content, "pool.csv"))
    assert [(e.source_id, e.text) for e in pool.examples] == [
        ("1", 'He said "no",\nthen left'),
        (None, "plain"),
    ]
    assert [dict(row) for row in pool.rows] == [{"label": "A"}, {"label": ""}]


def test_a_csv_field_may_be_long_and_the_limit_stays_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    source = pool_file(tmp_path, f"text\n{'long ' * 50_000}\n", "pool.csv")
    assert len(read_pool(source).examples[0].text) == 250_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (b"a,b,c", "3 fields where the first line names 2"),
        (b"a", "1 fields where the first line names 2"),
        (b'"a"b,c', "not CSV: "),
        (b"caf\xe9,A", "not UTF-8: byte 0xe9 in column 'text'"),
        (b",A", "the text under 'text' is empty"),
        (b'"never closed,A', "not CSV: unexpected end of data"),
    ],
)
def test_a_bad_csv_record_is_named_by_the_line_it_begins_at(
    tmp_path: Path, record: bytes, cause: str
) -> None:
    content = b'text,label\n"two\nlines",A\n' + record + b"\n"
    (bad,) = bad_lines(pool_file(tmp_path, content, "pool.csv"))
    assert bad.line_number == 4
    assert bad.cause.startswith(cause)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NaN", None),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1e400", "1e400"),
        ("-1.5E+999", "-1.5E+999"),
        ("2e-400", "2e-400"),
        ("0e-400", 0.0),
        ("-0.0", -0.0),
        ("1.0", 1.0),
        ("1e308", 1e308),
        ("5e-324", 5e-324),
    ],
)
def test_a_number_that_a_float_cannot_hold_is_kept_as_its_text(
    tmp_path: Path, written: str, value: object
) -> None:
    row = f'{{"text": "a", "score": {written}, "list": [{{"x": {written}}}]}}'
    pool = read_pool(pool_file(tmp_path, row))
    (example,) = pool.examples
    assert repr(dict(example.fields)) == repr({"score": value, "list": [{"x": value}]})
    if isinstance(value, str):
        assert gold_labels(pool, "score").names == (written,)


@pytest.mark.parametrize(
    ("written", "source_id"),
    [("7", 7), ('"x7"', "x7"), ("null", None), ('""', None), ("1.5", "1.5"), ("true", "true")],
)
def test_a_row_may_have_an_id_of_its_own(
    tmp_path: Path, written: str, source_id: str | int | None
) -> None:
    (example,) = read_pool(pool_file(tmp_path, f'{{"text": "a", "id": {written}}}')).examples
    assert example.source_id == source_id
    assert type(example.source_id) is type(source_id)


def test_awkward_texts_are_read_as_they_are(tmp_path: Path) -> None:
    rows = [{"text": text} for text in AWKWARD]
    pool = read_pool(str(write_rows(tmp_path / "pool.jsonl", rows)))
    assert [example.text for example in pool.examples] == AWKWARD


@given(st.lists(st.text(st.characters(codec="utf-8")).filter(str.strip), min_size=1))
def test_any_texts_are_read_once_each_in_file_order(texts: list[str]) -> None:
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    pool = read_pool("-", stdin=io.BytesIO(lines.encode()))
    assert [example.text for example in pool.examples] == list(dict.fromkeys(texts))
    assert pool.n_rows == len(texts)
