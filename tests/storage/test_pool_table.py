"""A broken record in a table costs no more lines than it must, and none without a word."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.errors import PoolError
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.pool_lines import BadLine, GoodLine, LineReader, ReadingRule

WORDS = st.text(st.sampled_from('ab ,;\t"\n'), max_size=12).map(lambda inner: f"T{inner}.")
"""Texts that begin and end with a letter or a full stop: a lone quote beside a separator or the
end of a line cannot be told from one that closes a field."""


def read(content: str, name: str = "pool.csv") -> list[GoodLine | BadLine]:
    return list(LineReader(name, io.BytesIO(content.encode()), ReadingRule()))


def values(lines: list[GoodLine | BadLine]) -> list[object]:
    return [line.value for line in lines if isinstance(line, GoodLine)]


def bad(lines: list[GoodLine | BadLine]) -> list[tuple[int, int]]:
    return [(one.line_number, one.n_lines) for one in lines if isinstance(one, BadLine)]


def written(texts: list[str], separator: str, line_end: str) -> list[str]:
    """A table's records, each with its line end; a row is a text and its place."""
    records = []
    for row in [["text", "n"], *([text, str(n)] for n, text in enumerate(texts))]:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=separator, lineterminator=line_end).writerow(row)
        records.append(out.getvalue())
    return records


@st.composite
def damaged(draw: st.DrawFn) -> tuple[list[str], int, str]:
    """Texts, the one whose record has lost or gained a character, and the table."""
    texts = draw(st.lists(WORDS, min_size=1, max_size=8))
    separator, line_end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n"]))
    records = written(texts, separator, line_end)
    which = draw(st.integers(0, len(texts) - 1))
    record = records[which + 1].removesuffix(line_end)
    places = [place for place, char in enumerate(record) if char != "\n"]
    place = draw(st.sampled_from(places))
    if draw(st.booleans()):
        record = record[:place] + record[place + 1 :]
    else:
        record = record[:place] + '"' + record[place:]
    records[which + 1] = record + line_end
    return texts, which, "".join(records)


@given(st.lists(WORDS, min_size=1), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_a_whole_table_is_read_as_it_was_written(
    texts: list[str], separator: str, line_end: str
) -> None:
    lines = read("".join(written(texts, separator, line_end)))
    assert lines == [
        GoodLine(line.line_number, {"text": text, "n": str(n)}, 1 + text.count("\n"))
        for n, (text, line) in enumerate(zip(texts, lines, strict=True))
    ]


@given(damaged())
def test_a_damaged_record_costs_itself_at_most(table: tuple[list[str], int, str]) -> None:
    texts, which, content = table
    found = values(read(content))
    for n, text in enumerate(texts):
        assert n == which or {"text": text, "n": str(n)} in found


@given(damaged())
def test_rows_and_bad_lines_account_for_every_line(table: tuple[list[str], int, str]) -> None:
    *_, content = table
    lines = read(content)
    following = 2
    for line in lines:
        blank = content.split("\n")[following - 1 : line.line_number - 1]
        assert not "".join(blank).strip()
        following = line.line_number + line.n_lines
        if isinstance(line, GoodLine):
            assert isinstance(line.value, dict)
            assert line.n_lines == 1 + sum(text.count("\n") for text in line.value.values())
    assert not "".join(content.split("\n")[following - 1 :]).strip()


def test_an_unclosed_quote_costs_its_own_line_and_says_what_it_took_in(tmp_path: Path) -> None:
    rows = [f"text {n},A" for n in range(199)]
    rows[0] = '"never closed,A'
    path = tmp_path / "pool.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    pool = read_pool(str(path), skip_bad_lines=True)
    assert [example.text for example in pool.examples] == [f"text {n}" for n in range(1, 199)]
    (line,) = pool.bad_lines
    assert (line.line_number, line.n_lines) == (2, 1)
    assert "with 198 more lines inside its quotes" in line.cause


def test_lines_lost_with_a_broken_record_are_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "pool.csv"
    path.write_text('text,label\na,A\n"one\ntwo\nthree"x,B\nb,B\n')
    with pytest.raises(PoolError, match=r"3 bad lines:\n  lines 3 to 5: not CSV"):
        read_pool(str(path))
    pool = read_pool(str(path), skip_bad_lines=True)
    assert (pool.n_rows, pool.n_bad_lines) == (2, 3)
    assert pool.notices == ("3 bad lines skipped (3 to 5)",)


@pytest.mark.parametrize(
    ("records", "found", "lost"),
    [
        pytest.param(
            '"open,A\n"two\nlines",B\nc,C\n', ["two\nlines", "c"], [(2, 1)], id="next is quoted"
        ),
        pytest.param('a,A\n"open,A\n', ["a"], [(3, 1)], id="the last line"),
        pytest.param('"one\ntwo",A,B\nc,C\n', ["c"], [(2, 2)], id="a column too many"),
        pytest.param('"one\ntwo"x,A\nc,C\n', ["c"], [(2, 2)], id="more behind the quote"),
        pytest.param('one\ntwo",A\nc,C\n', ["c"], [(2, 1), (3, 1)], id="never opened"),
        pytest.param('a\nb\n"c ""d""",C\n', ['c "d"'], [(2, 1), (3, 1)], id="two short lines"),
        pytest.param('a,A,B\n5" pipe,B\nc,C\n', ["c"], [(2, 1), (3, 1)], id="odd quote in doubt"),
        pytest.param('5" pipe,B\nsay "no",C\n', ['5" pipe', 'say "no"'], [], id="loose quotes"),
        pytest.param('"open,A\n\n"open,B\nc,C\n', ["c"], [(2, 1), (4, 1)], id="a blank line"),
    ],
)
def test_reading_goes_on_at_the_first_sound_record(
    records: str, found: list[str], lost: list[tuple[int, int]]
) -> None:
    lines = read("text,label\n" + records)
    assert [value["text"] for value in values(lines)] == found  # type: ignore[index]
    assert bad(lines) == lost
