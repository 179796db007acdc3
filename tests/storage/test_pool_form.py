"""What a file is made of is found out by rules that can be told, and said."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from neufs_tui.core.records import content_hash
from neufs_tui.errors import PoolError
from neufs_tui.storage.pool import Pool, read_pool


def read(name: str, content: str, text_field: str | None = None) -> Pool:
    """A pool from a file of this name, or from standard input."""
    raw = content.encode()
    if name == "-":
        return read_pool("-", text_field=text_field, stdin=io.BytesIO(raw))
    Path(name).write_bytes(raw)
    return read_pool(name, text_field=text_field)


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


SEMICOLONS, TABS = "read as CSV separated by ';'", "read as CSV separated by tabs"
COMMAS, TEXT = "read as CSV separated by commas", "read as text, one a line"


@pytest.mark.parametrize(
    ("name", "content", "read_as"),
    [
        ("p.csv", "id,text\n1,one\n2,two\n", ()),
        ("p.csv", "text\none\ntwo\n", ()),
        ("p.csv", "id;text\n1;one\n2;two\n", (SEMICOLONS,)),
        ("p.csv", '"id";"text"\n1;one\n2;"two"\n', (SEMICOLONS,)),
        ("p.csv", "id\ttext\n1\tone\n2\ttwo\n", (TABS,)),
        ("p.csv", "a,b;text\n1;one\n2;two\n", (SEMICOLONS,)),
        ("p.csv", "sep=;\r\nid;text\r\n1;one\r\n2;two\r\n", (SEMICOLONS,)),
        ("p.csv", "sep=|\nid|text\n1|one\n2|two\n", ("read as CSV separated by |",)),
        ("p.CSV", "id,text\r1,one\r2,two\r", ()),
        ("p.tsv", "id\ttext\n1\tone\n2\ttwo\n", (TABS,)),
        ("p.tab", "text\none\ntwo\n", (TABS,)),
        ("p.tsv", "id,text\n1,one\n2,two\n", (COMMAS,)),
        ("p.txt", "one\r\n\r\ntwo\r\n", (TEXT,)),
        ("p.txt", "text\tlabel\none\tA\ntwo\tB\n", (TABS,)),
        ("p.txt", '{"text": "one"}\n{"text": "two"}\n', ("read as JSON lines",)),
        ("p.ndjson", '{"text": "one"}\n{"text": "two"}\n', ()),
        ("p", '{"text": "one"}\n{"text": "two"}\n', ()),
        ("-", '{"text": "one"}\n{"text": "two"}\n', ()),
        ("-", '["one",\n"two"]', ("read as a JSON list",)),
        ("-", ' [\n {"text": "one"}, {"text": "two"}]', ("read as a JSON list",)),
        ("-", "text;label\none;A\ntwo;B\n", (SEMICOLONS,)),
        ("-", "label,text\nA,one\nB,two\n", (COMMAS,)),
        ("-", "one\ntwo\n", (TEXT,)),
    ],
)
def test_the_form_is_found_and_said(name: str, content: str, read_as: tuple[str, ...]) -> None:
    pool = read(name, content)
    assert [example.text for example in pool.examples] == ["one", "two"]
    assert [example.id for example in pool.examples] == [content_hash("one"), content_hash("two")]
    assert pool.read_as == read_as


@pytest.mark.parametrize("name", ["p.csv", "p.txt", "-"])
def test_the_field_that_holds_the_text_decides(name: str) -> None:
    pool = read(name, "a,b;body\n1,x;one\n", text_field="body")
    assert [example.text for example in pool.examples] == ["one"]
    assert pool.read_as == (SEMICOLONS,)


def test_a_list_of_texts_has_the_field_that_is_named() -> None:
    assert len(read("p.txt", "one\ntwo\n", text_field="body").examples) == 2
    assert len(read("p.json", '["one", "two"]', text_field="body").examples) == 2


def test_a_table_without_the_column_is_not_taken_for_texts() -> None:
    with pytest.raises(PoolError, match="its fields are 'sentence', 'label'"):
        read("-", "sentence,label\none,A\ntwo,B\n")
    with pytest.raises(PoolError, match="no field 'body'"):
        read("-", "one\ntwo\n", text_field="body")


def test_texts_with_as_many_commas_each_are_texts_in_a_file_that_says_so() -> None:
    assert read("p.txt", "Paris, France\nRome, Italy\n").n_rows == 2
    assert read("p.txt", "{a} of\n{b} of\n").n_rows == 2


def test_a_broken_line_among_json_lines_is_a_bad_line() -> None:
    with pytest.raises(PoolError, match=r"1 bad line:\n  line 1: not JSON"):
        read("-", 'oops\n{"text": "one"}\n{"text": "two"}\n')


def test_a_broken_first_line_of_a_table_is_refused() -> None:
    with pytest.raises(PoolError, match=r"the first line of p\.csv is not CSV"):
        read("p.csv", '"text,label\none,A\n')


def test_quotes_between_tabs_may_be_characters() -> None:
    content = 'text\tn\n"No," he said\t1\n"open\t2\n"held"\t3\nplain\t4\n'
    pool = read("p.tsv", content)
    texts = [example.text for example in pool.examples]
    assert texts == ['"No," he said', '"open', '"held"', "plain"]
    assert pool.read_as == (f"{TABS}, with its quotes as characters",)


def test_quotes_between_tabs_may_hold_fields_together() -> None:
    pool = read("p.tsv", 'text\tn\n"a ""b"""\t1\n"two\nlines"\t2\n"a\ttab"\t3\n')
    assert [example.text for example in pool.examples] == ['a "b"', "two\nlines", "a\ttab"]
