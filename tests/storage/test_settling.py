"""The session is one file: what a copy of it holds, and what is said where a part is missing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from neufs_tui.storage import settling
from neufs_tui.storage.session import Session
from neufs_tui.storage.settling import journal_of, settle
from tests.storage.values import label, pool_of

PATIENCE_S = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool.neufs.db"


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    """A session with one label, open for writing."""
    with Session.open(path, write=True) as session:
        session.merge_pool(pool_of(path.with_name("pool.jsonl"), "a", "b"))
        session.record(label("a"), pick=None, seconds=None)
        yield session


@pytest.fixture
def in_journal(session: Session) -> Session:
    """The same with another label that stays in the journal."""
    session._file._settler.stop()  # type: ignore[union-attr]
    assert settle(session.path)
    session.record(label("b"), pick=None, seconds=None)
    return session


def copied(path: Path, *, journal: bool = False) -> Path:
    """A copy of the session's file in another folder, with or without its journal."""
    folder = path.parent / "copy"
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder)
    if journal:
        shutil.copy(journal_of(path), folder)
    return folder / path.name


def read(path: Path) -> tuple[int, str, str]:
    with Session.open(path, write=False) as session:
        return session.counts().labelled, session.missing, session.leftover


def test_a_copy_of_the_file_alone_has_a_label_a_moment_after_it_was_given(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = Event()

    def settle_and_tell(path: Path) -> bool:
        is_done = settle(path)
        settled.set()
        return is_done

    monkeypatch.setattr(settling, "settle", settle_and_tell)
    with Session.open(path, write=True) as session:
        session.merge_pool(pool_of(path.with_name("pool.jsonl"), "a", "b"))
        for n_labels, text in enumerate("ab", 1):
            settled.clear()
            session.record(label(text), pick=None, seconds=None)
            assert settled.wait(PATIENCE_S)
            assert journal_of(path).stat().st_size == 0
            n_copied, missing, leftover = read(copied(path))
            assert (n_copied, leftover) == (n_labels, "")
            assert "was copied without pool.neufs.db-wal while it was being labelled" in missing


def test_a_session_that_was_closed_is_one_whole_file(session: Session, path: Path) -> None:
    session.close()
    assert not journal_of(path).exists()
    assert read(copied(path)) == (1, "", "")


def test_a_copy_whose_journal_is_missing_says_so(in_journal: Session, path: Path) -> None:
    alone = copied(path)
    for _ in range(2):  # reading it leaves nothing that would pass for a journal
        n_labelled, missing, leftover = read(alone)
        assert (n_labelled, leftover) == (1, "")
        assert missing.startswith(f"{path.name} was copied without {path.name}-wal")
        assert missing.endswith("UTC may be missing")
    assert [one.name for one in alone.parent.iterdir()] == [path.name]


def test_a_journal_beside_the_file_is_read_and_named(in_journal: Session, path: Path) -> None:
    for one in (path, copied(path, journal=True)):
        n_labelled, missing, leftover = read(one)
        assert (n_labelled, missing) == (2, "")
        assert leftover.startswith(f"{path.name}-wal holds what was stored last")


def test_the_next_writer_makes_one_file_of_what_was_left(in_journal: Session, path: Path) -> None:
    both = copied(path, journal=True)
    with Session.open(both, write=True) as session:
        assert session.missing == ""
    assert read(both) == (2, "", "")
    assert not journal_of(both).exists()


def test_a_writer_on_a_copy_without_its_journal_is_told_once(
    in_journal: Session, path: Path
) -> None:
    alone = copied(path)
    with Session.open(alone, write=True) as session:
        assert "may be missing" in session.missing
    assert read(alone) == (1, "", "")


def test_settling_waits_for_no_reader_and_is_done_when_it_is_gone(
    in_journal: Session, path: Path
) -> None:
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("begin")
        reader.execute("select * from events").fetchall()
        in_journal.undo()
        assert not settle(path)
    assert settle(path)
    assert journal_of(path).stat().st_size == 0


def test_a_decision_can_be_stored_though_the_journal_was_emptied_meanwhile(
    in_journal: Session, path: Path
) -> None:
    with in_journal._file.transaction() as db:
        assert db.execute("select count(*) from events").fetchone() == (2,)
        settle(path)
        in_journal._file.keep_state("shown", "null")
    assert in_journal._file.state("shown") == "null"


def test_reading_leaves_nothing_beside_the_file(session: Session, path: Path) -> None:
    session.close()
    before = {one.name for one in path.parent.iterdir()}
    with Session.open(path, write=False) as reader:
        assert reader.counts().labelled == 1
    assert {one.name for one in path.parent.iterdir()} == before


class LateToClear(Event):
    """Is cleared only once it was set again, as by somebody who stops the thread just then."""

    def __init__(self) -> None:
        super().__init__()
        self.clearing, self.set_again = Event(), Event()

    def set(self) -> None:
        super().set()
        if self.clearing.is_set():
            self.set_again.set()

    def clear(self) -> None:
        self.clearing.set()
        assert self.set_again.wait(PATIENCE_S)
        super().clear()


def test_the_thread_ends_when_it_is_stopped_as_it_begins_to_work(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_QUIET_S", 0)
    late = LateToClear()
    monkeypatch.setattr(settling, "Event", iter([late, Event()]).__next__)
    settler = settling.Settler(path)
    settler.wake()
    assert late.clearing.wait(PATIENCE_S)
    stopping = Thread(target=settler.stop, daemon=True)
    stopping.start()
    stopping.join(PATIENCE_S)
    assert not stopping.is_alive()
