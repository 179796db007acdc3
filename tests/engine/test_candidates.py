"""The best candidates are looked up as far as they are read, and no farther."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.engine.candidates import NONE, Candidates

IDS = [f"{n:03}" for n in range(500)]


@given(st.integers(0, 500), st.one_of(st.none(), st.integers(0, 600)), st.integers(0, 520))
def test_they_come_in_order_and_few_are_looked_up(n: int, limit: int | None, read: int) -> None:
    asked: list[int] = []

    def best(wanted: int) -> list[str]:
        asked.append(wanted)
        return IDS[: min(wanted, n)]

    candidates = Candidates(best, n, limit=limit)
    n_all = n if limit is None else min(limit, n)
    assert len(candidates) == n_all
    for _ in range(2):
        assert [*islice(candidates, read)] == IDS[: min(read, n_all)]
    assert max(asked, default=0) <= max(32, 2 * min(read, n_all))
    assert len(asked) <= 6


@pytest.mark.parametrize("limit", [None, 10])
def test_what_is_read_is_counted_among_them(limit: int | None) -> None:
    open_ids = IDS[20:]
    candidates = Candidates(lambda k: open_ids[:k], len(open_ids), left_out=IDS[:20], limit=limit)
    read = {*IDS[:5], *IDS[25:40]}
    assert candidates.n_read(read) == (15 if limit is None else 5)


def test_a_pool_that_got_smaller_ends_early() -> None:
    assert [*Candidates(lambda k: IDS[: min(k, 3)], 10)] == IDS[:3]
    assert [*NONE] == []
    assert len(NONE) == NONE.n_read(()) == 0
