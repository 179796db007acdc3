"""A text is drawn from a part of a file, and is always one that the whole file has."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from neufs_tui.core.draws import Draws
from neufs_tui.core.records import Example
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.pool_draw import draw_text
from neufs_tui.storage.pool_lines import ReadingRule

ROWS = [{"input": f"text {n}, with a comma and {'more ' * (n % 90)}\n {n}"} for n in range(4000)]


def as_lines(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_table(rows: list[dict[str, str]]) -> bytes:
    return ("input\n" + "".join(f'"{row["input"]}"\n' for row in rows)).encode()


def as_texts(rows: list[dict[str, str]]) -> bytes:
    return "".join(row["input"].replace("\n", " ") + "\n" for row in rows).encode()


def as_list(rows: list[dict[str, str]]) -> bytes:
    return json.dumps(rows, indent=1).encode()


FORMS = {
    "p.jsonl": as_lines,
    "p.csv": as_table,
    "p.txt": as_texts,
    "p.json": as_list,
    "-": as_lines,
}


def draw(
    source: str, raw: bytes, *, seed: int = 0, decided: frozenset[str] = frozenset()
) -> Example | None:
    return draw_text(source, BytesIO(raw), ReadingRule(), seed=seed, decided=decided)


@pytest.mark.parametrize("source", FORMS)
def test_what_is_drawn_of_a_large_file_is_in_it_and_the_same_again(source: str) -> None:
    raw = FORMS[source](ROWS)
    assert len(raw) > 500_000
    texts = {row["input"].replace("\n", " ") if source == "p.txt" else row["input"] for row in ROWS}
    for seed in range(20):
        found = draw(source, raw, seed=seed)
        assert found is not None and found == draw(source, raw, seed=seed)
        assert found.text in texts
        again = draw(source, raw, seed=seed, decided=frozenset([found.id]))
        assert again is not None and again.id != found.id


@pytest.mark.parametrize("source", ["p.jsonl", "p.txt"])
def test_of_lines_every_part_of_the_file_is_drawn(source: str) -> None:
    raw = FORMS[source](ROWS)
    places = sorted(
        raw.index(json.dumps(found.text).encode()[:20].strip(b'"'))
        for seed in range(40)
        if (found := draw(source, raw, seed=seed))
    )
    assert places[0] < len(raw) / 4 and places[-1] > len(raw) * 3 / 4


@pytest.mark.parametrize("source", FORMS)
def test_a_small_file_is_drawn_from_in_the_order_of_all_draws(source: str) -> None:
    rows = [{"input": f"text {n}"} for n in range(30)]
    raw = FORMS[source](rows)
    whole = read_pool("-", stdin=BytesIO(as_lines(rows))).examples
    order = [one.example_id for one in Draws([one.id for one in whole], 3).next((), 30)]
    first = draw(source, raw, seed=3)
    second = draw(source, raw, seed=3, decided=frozenset(order[:1]))
    assert first is not None and second is not None
    assert [first.id, second.id] == order[:2]


@pytest.mark.parametrize("source", FORMS)
def test_for_the_check_set_nothing_is_drawn_from_a_files_beginning_alone(source: str) -> None:
    rule, large = ReadingRule(), FORMS[source](ROWS)
    found = draw_text(source, BytesIO(large), rule, seed=0, decided=(), check=True)
    assert (found is None) == (source in ("p.csv", "p.json"))
    rows = [{"input": f"text {n}"} for n in range(30)]
    ids = [one.id for one in read_pool("-", stdin=BytesIO(as_lines(rows))).examples]
    small = BytesIO(FORMS[source](rows))
    found = draw_text(source, small, rule, seed=3, decided=(), check=True)
    assert found is not None
    assert found.id == Draws(ids, 3, checks=True).next(())[0].example_id
    assert Draws(ids, 3, checks=True).next((), 30) != Draws(ids, 3).next((), 30)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nothing\nof use\n",
        "\ufeff".encode("utf-16-le") + as_lines(ROWS).decode().encode("utf-16-le"),
        b"\n".join([b"{"] * 300_000),
        as_lines(ROWS).replace(b"\n", b"\r"),
    ],
    ids=["empty", "no rows", "UTF-16", "broken", "carriage returns"],
)
def test_what_cannot_be_told_from_a_part_draws_nothing(raw: bytes) -> None:
    assert draw("p.jsonl", raw) is None
