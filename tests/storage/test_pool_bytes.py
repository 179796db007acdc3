"""Files in all encodings hold the same examples, or are refused with the flag that reads them."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import content_hash
from neufs_tui.errors import PoolError
from neufs_tui.storage.pool import Pool, read_pool

TEXTS = ["plain", "café au lait", "naïve – “quoted”"]


def lines_of(texts: list[str], line_end: str = "\n") -> str:
    rows = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    return line_end.join(rows) + line_end


def read(raw: bytes, **said: object) -> Pool:
    return read_pool("-", stdin=io.BytesIO(raw), **said)  # type: ignore[arg-type]


def texts(pool: Pool) -> list[str]:
    return [example.text for example in pool.examples]


@pytest.mark.parametrize(
    ("encoding", "said", "read_as"),
    [
        ("utf-8", None, ()),
        ("utf-8-sig", None, ()),
        ("utf-8", "utf-8", ()),
        ("utf-8-sig", "utf-8", ()),
        ("utf-16", None, ("read as UTF-16, by its mark",)),
        ("utf-32", None, ("read as UTF-32, by its mark",)),
        ("utf-16", "cp1252", ("read as UTF-16, by its mark",)),
        ("utf-16-le", "utf-16-le", ("read as utf-16-le",)),
        ("cp1252", "cp1252", ("read as cp1252",)),
        ("cp1252", "Windows-1252", ("read as Windows-1252",)),
        ("gb18030", "gb18030", ("read as gb18030",)),
    ],
)
def test_the_same_texts_have_the_same_ids_in_every_encoding(
    encoding: str, said: str | None, read_as: tuple[str, ...]
) -> None:
    pool = read(lines_of(TEXTS).encode(encoding), encoding=said)
    assert [example.id for example in pool.examples] == [content_hash(text) for text in TEXTS]
    assert pool.read_as == read_as


def test_utf16_that_begins_with_its_big_end_is_read_too() -> None:
    raw = b"\xfe\xff" + lines_of(TEXTS).encode("utf-16-be")
    assert texts(read(raw)) == TEXTS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_refused_with_its_flag(encoding: str) -> None:
    with pytest.raises(PoolError, match="UTF-16 without a mark") as caught:
        read(lines_of(TEXTS).encode(encoding))
    assert f"--encoding {encoding}" in caught.value.hint


def test_another_encoding_is_refused_with_the_flag_that_reads_it_and_a_sample() -> None:
    with pytest.raises(PoolError) as caught:
        read(lines_of(TEXTS).encode("cp1252"))
    assert "2 bad lines:\n  line 2: not UTF-8: byte 0xe9 at place 14" in caught.value.message
    assert "--encoding cp1252 if " in caught.value.hint
    assert "café au lait" in caught.value.hint
    assert "--skip-bad-lines" not in caught.value.hint


def test_bytes_that_cp1252_lacks_are_read_as_latin1() -> None:
    with pytest.raises(PoolError) as caught:
        read(lines_of(["caf\xe9 \x81"]).encode("latin-1"))
    assert "--encoding latin-1" in caught.value.hint
    assert "\\x81" in caught.value.hint


def test_a_json_list_in_another_encoding_is_refused_with_its_flag() -> None:
    with pytest.raises(PoolError, match="not UTF-8: byte 0xe9") as caught:
        read(json.dumps(TEXTS[:2], ensure_ascii=False).encode("cp1252"))
    assert "--encoding cp1252" in caught.value.hint


def test_a_damaged_line_of_utf8_is_one_bad_line() -> None:
    raw = lines_of(["é", "ü", "ö"]).encode() + b'{"text": "\xff"}\n'
    with pytest.raises(PoolError, match="1 bad line") as caught:
        read(raw)
    assert "--encoding" not in caught.value.hint
    assert "--skip-bad-lines" in caught.value.hint
    assert read(raw, skip_bad_lines=True).notices == ("1 bad line skipped (4)",)


def test_lines_skipped_for_their_encoding_are_said_to_be_readable() -> None:
    pool = read(lines_of(TEXTS).encode("cp1252"), skip_bad_lines=True)
    (notice,) = pool.notices
    assert notice.startswith("2 bad lines skipped (2, 3): read it with --encoding cp1252")


def test_a_byte_that_the_named_encoding_lacks_is_a_bad_line() -> None:
    raw = lines_of(["é"]).encode("cp1252") + b'{"text": "\x81"}\n'
    with pytest.raises(PoolError, match="line 2: not cp1252: byte 0x81") as caught:
        read(raw, encoding="cp1252")
    assert caught.value.hint == "name the encoding it was saved in with --encoding"


def test_a_file_that_breaks_off_within_a_character_is_refused() -> None:
    with pytest.raises(PoolError, match="not UTF-16: truncated data"):
        read(lines_of(TEXTS).encode("utf-16")[:-1])


def test_a_remembered_encoding_gives_way_to_utf8() -> None:
    pool = read(lines_of(TEXTS).encode("cp1252"), last_encoding="cp1252")
    assert (texts(pool), pool.encoding) == (TEXTS, "cp1252")
    assert pool.read_as == ("read as cp1252, as the last time",)
    pool = read(lines_of(TEXTS).encode(), last_encoding="cp1252")
    assert (texts(pool), pool.encoding, pool.read_as) == (TEXTS, None, ())
    pool = read(lines_of(TEXTS[:1]).encode(), last_encoding="cp1252")
    assert (pool.encoding, pool.read_as) == ("cp1252", ())


def test_a_named_encoding_wins_over_utf8_and_says_so() -> None:
    pool = read(lines_of(["é"]).encode(), encoding="cp1252")
    assert texts(pool) == ["Ã©"]
    assert pool.read_as == ("read as cp1252, although it is valid UTF-8",)


@given(st.lists(st.text(st.characters(codec="utf-8")).filter(str.strip), min_size=1))
def test_any_text_is_the_same_in_utf16(rows: list[str]) -> None:
    raw = lines_of(rows)
    assert read(raw.encode("utf-16")).examples == read(raw.encode()).examples
