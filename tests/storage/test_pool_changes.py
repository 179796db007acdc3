"""A pool taken into an open session a part at a time."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind, content_hash
from neufs_tui.storage import pool_changes as module
from neufs_tui.storage.pool import Pool, read_pool
from neufs_tui.storage.pool_changes import pool_changes
from neufs_tui.storage.session import Session
from tests.pools import write_rows

POOLS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)
"""Texts, in file order."""


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PART", 2)


def pool_of(folder: Path, texts: list[str], **fields: str) -> Pool:
    return read_pool(str(write_rows(folder / "p.jsonl", [{"text": t} | fields for t in texts])))


def rows_in_pool(path: Path) -> set[tuple[object, ...]]:
    with Session.open(path, write=False) as session:
        found = session._file.db.execute('select id, "row", fields from examples where in_pool')
        return set(found)


@settings(deadline=None)
@given(POOLS, POOLS, st.integers(0, 5), st.booleans())
def test_in_parts_or_at_once_left_in_the_middle_or_not_the_session_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[str],
    after: list[str],
    n_parts: int,
    back: bool,
) -> None:
    folder = tmp_path_factory.mktemp("session")
    path, whole = folder / "s.db", folder / "whole.db"
    now = pool_of(folder, after, why="it changed")
    last = pool_of(folder, before) if back else now
    with Session.open(path, write=True) as session:
        session.merge_pool(pool_of(folder, before))
        parts = session.merge_changes(pool_changes(path, now))
        list(islice(parts, n_parts))
        label = Decision(content_hash(before[0]), DecisionKind.LABEL, Answer("yes"))
        session.record(label, pick=None, seconds=None)
        assert [one.example.text for one in session.decided()] == [before[0]]
    with Session.open(path, write=True) as session:  # as the next start does
        session.merge_pool(last)
        assert session.decisions() == (label,)
    with Session.open(whole, write=True) as session:
        session.merge_pool(pool_of(folder, before))
        session.merge_pool(now)
        session.merge_pool(last)
    assert rows_in_pool(path) == rows_in_pool(whole)


def test_when_all_parts_are_written_the_pool_is_on_record(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    now = pool_of(tmp_path, ["a", "b", "c", "d", "e"])
    with Session.open(path, write=True) as session:
        session.merge_pool(pool_of(tmp_path, ["a"]))
        parts = session.merge_changes(pool_changes(path, now))
        next(parts)
        record = session.pool()
        assert record is not None and not record.sha256
        list(parts)
        record = session.pool()
        assert record is not None and record.sha256 == now.sha256
        changes = session._file.db.conn.total_changes
        session.merge_pool(now)
        assert session._file.db.conn.total_changes == changes
