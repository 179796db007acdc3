"""The thread that looks at the pool's file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Queue

import pytest
from textual.message import Message

from neufs_tui.app import pool_watch
from neufs_tui.app.messages import PoolChanged, PoolReread, RereadFailed
from neufs_tui.app.pool_watch import PoolWatch
from neufs_tui.errors import PoolError
from neufs_tui.labelling.pool_file import PoolNow
from neufs_tui.labelling.workspace import Workspace
from tests.fakes import FakePoolFile, StoredWorkspace, pool

WAIT_S = 30

Watched = tuple[PoolWatch, Queue[Message]]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[FakePoolFile], Watched]]:
    """Watches a file, looking at it all the time."""
    monkeypatch.setattr(pool_watch, "_LOOK_S", 0.001)
    watches = []

    def begin(file: FakePoolFile) -> Watched:
        told: Queue[Message] = Queue()
        watches.append(watch := PoolWatch(file, told.put))
        watch.start()
        return watch, told

    yield begin
    for watch in watches:
        watch.stop()


def read_as(now: Workspace) -> PoolNow:
    return PoolNow(now, None, None, 0, 0)  # type: ignore[arg-type]


def test_a_change_is_told_once_until_it_is_read(
    watched: Callable[[FakePoolFile], Watched],
) -> None:
    workspace, file = StoredWorkspace(pool(3)), FakePoolFile(read_as)
    watch, told = watched(file)
    file.is_changed = True
    assert isinstance(told.get(timeout=WAIT_S), PoolChanged)
    assert watch.read(workspace, None)
    reread = told.get(timeout=WAIT_S)
    assert isinstance(reread, PoolReread) and reread.now.workspace is workspace
    assert isinstance(told.get(timeout=WAIT_S), PoolChanged)  # it has changed again


def test_nothing_is_read_while_what_was_read_is_not_taken_in(
    watched: Callable[[FakePoolFile], Watched],
) -> None:
    workspace = StoredWorkspace(pool(3))
    watch, told = watched(FakePoolFile(read_as))
    assert watch.read(workspace, None)
    assert not watch.read(workspace, None)
    assert isinstance(told.get(timeout=WAIT_S), PoolReread)
    assert not watch.read(workspace, None)
    watch.done()
    assert watch.read(workspace, None)
    assert isinstance(told.get(timeout=WAIT_S), PoolReread)


def test_what_goes_wrong_is_told_and_the_watch_goes_on(
    watched: Callable[[FakePoolFile], Watched],
) -> None:
    def fails(_: Workspace) -> PoolNow:
        raise PoolError("no texts")

    workspace, file = StoredWorkspace(pool(3)), FakePoolFile(fails)
    watch, told = watched(file)
    watch.read(workspace, None)
    failed = told.get(timeout=WAIT_S)
    assert isinstance(failed, RereadFailed) and isinstance(failed.error, PoolError)
    watch.done()
    file._then = read_as
    watch.read(workspace, None)
    assert isinstance(told.get(timeout=WAIT_S), PoolReread)


def test_stopping_ends_a_reading(watched: Callable[[FakePoolFile], Watched]) -> None:
    workspace, file = StoredWorkspace(pool(3)), FakePoolFile(read_as)
    watch, told = watched(file)
    file.may_read.clear()
    watch.read(workspace, None)
    watch.stop()
    file.may_read.set()
    watch._thread.join(WAIT_S)
    assert not watch._thread.is_alive()
    assert told.empty()
