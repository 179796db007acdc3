"""A gzipped pool is the pool it was."""

from __future__ import annotations

import gzip
import hashlib
import json
from io import BytesIO
from pathlib import Path

import pytest

from neufs_tui.errors import PoolError
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.pool_draw import draw_text
from neufs_tui.storage.pool_lines import ReadingRule

ROWS = [{"id": n, "text": f"text {n}"} for n in range(4)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def packed(raw: bytes) -> bytes:
    """Gzipped, the same at any time: it names tests."""
    return gzip.compress(raw, mtime=0)


FORMS = {
    "p.jsonl": LINES,
    "p.ndjson": LINES,
    "p.json": json.dumps(ROWS).encode(),
    "p.csv": b"id,text\n" + b"".join(b"%d,text %d\n" % (n, n) for n in range(4)),
    "p.tsv": b"id\ttext\n" + b"".join(b"%d\ttext %d\n" % (n, n) for n in range(4)),
    "p.txt": b"".join(b"text %d\n" % n for n in range(4)),
    "p": LINES,
}


@pytest.mark.parametrize("name", FORMS)
def test_each_form_may_be_gzipped(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = packed(FORMS[name])
    Path(name).write_bytes(FORMS[name])
    Path(f"{name}.gz").write_bytes(raw)
    plain, pool = read_pool(name), read_pool(f"{name}.gz")
    assert (pool.examples, pool.rows, pool.notices) == (plain.examples, plain.rows, plain.notices)
    assert pool.sha256 == hashlib.sha256(raw).hexdigest()
    with Path(f"{name}.gz").open("rb") as stream:
        drawn = draw_text(f"{name}.gz", stream, ReadingRule(), seed=0, decided=())
    with Path(name).open("rb") as stream:
        assert drawn == draw_text(name, stream, ReadingRule(), seed=0, decided=())
    assert drawn is not None


def test_its_bytes_say_so_where_its_name_does_not(tmp_path: Path) -> None:
    raw = packed(LINES[:50]) + packed(LINES[50:])
    assert len(read_pool("-", stdin=BytesIO(raw)).examples) == 4
    path = tmp_path / "pool.jsonl"
    path.write_bytes(raw)
    assert len(read_pool(str(path)).examples) == 4


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("p.jsonl.gz", LINES, "is no gzip file, although its name says so"),
        ("p.jsonl.gz", b"", "is no gzip file, although its name says so"),
        ("p.jsonl.gz", packed(LINES)[:-9], "breaks off"),
        ("p.jsonl", packed(LINES)[:20], "breaks off"),
        ("p.jsonl.gz", b"\x1f\x8bnot indeed, but long", "is gzipped and damaged"),
        ("p.jsonl.gz", packed(LINES)[:-8] + bytes(8), "is gzipped and damaged: CRC"),
        ("p.jsonl.gz", packed(LINES) + b"more", "is gzipped and damaged: Not a gzipped"),
        ("p.jsonl.gz", packed(b"one\n"), "bad line"),
    ],
)
def test_what_is_no_whole_gzip_is_said_and_nothing_drawn(
    tmp_path: Path, name: str, raw: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(PoolError, match=said) as caught:
        read_pool(str(path))
    assert caught.value.hint
    with path.open("rb") as stream:
        assert draw_text(str(path), stream, ReadingRule(), seed=0, decided=()) is None


class Counted(BytesIO):
    """Bytes of which is counted how many were read."""

    n_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self.n_read += len(part)
        return part


def test_of_a_large_one_only_the_beginning_is_unpacked() -> None:
    rows = [{"text": hashlib.sha256(b"%d" % n).hexdigest() * 3} for n in range(20_000)]
    stream = Counted(packed("".join(json.dumps(row) + "\n" for row in rows).encode()))
    drawn = draw_text("p.jsonl.gz", stream, ReadingRule(), seed=1, decided=())
    assert drawn is not None and drawn.text in {row["text"] for row in rows[:3000]}
    assert stream.n_read < len(stream.getvalue()) / 2
    again = draw_text("p.jsonl.gz", BytesIO(stream.getvalue()), ReadingRule(), seed=2, decided=())
    assert again is not None and again.id != drawn.id
    check = BytesIO(stream.getvalue())
    assert draw_text("-", check, ReadingRule(), seed=1, decided=(), check=True) is None
