"""Where a session's engine is found, without an engine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from neufs_tui.engine import door as door_module
from neufs_tui.engine import place as place_module
from neufs_tui.engine.door import Door
from neufs_tui.engine.place import Holder, Place, circumstances, make_private, running


@pytest.fixture
def place(tmp_path: Path) -> Place:
    session = tmp_path / "pool.neufs.db"
    session.touch()
    return Place(session, tmp_path / "engines")


@contextmanager
def a_door(place: Place) -> Iterator[Door]:
    """An engine's, in this process."""
    with place.take() as taken:
        taken.write(Holder(os.getpid(), str(place.session), circumstances()))
        listener, lock = os.dup(taken.listener.fileno()), os.dup(taken.lock)
        door = Door(place, listener, lock)
    try:
        yield door
    finally:
        door.close()
        os.close(lock)  # as the end of its process does


def test_a_place_is_taken_once_and_free_when_its_engine_is_gone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_module, "_ANSWER_S", 0.0)
    assert not place.is_taken
    with a_door(place):
        assert place.is_taken
        assert place.holder is not None and place.holder.pid == os.getpid()
        with pytest.raises(BlockingIOError), place.take():
            pass
        assert [one.session for one in running(place.folder)] == [str(place.session)]
    assert not place.is_taken
    assert list(place.folder.iterdir()) == []


def test_what_a_killed_engine_has_left_hinders_nobody(place: Place) -> None:
    with place.take():
        pass  # nobody removes the files
    assert place.socket_path.exists()
    assert not place.is_taken
    assert place.connect() is None
    with a_door(place):
        assert place.is_taken
    with place.take():
        pass
    assert running(place.folder) == []
    assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize("folder", ["engines", "deep" * 25])
def test_whoever_comes_to_the_door_is_told_that_the_engine_listens(
    place: Place, folder: str
) -> None:
    place = Place(place.session, place.folder.with_name(folder))  # one is too long for a socket
    with a_door(place) as door:
        came: list[Connection | None] = []
        waiting = threading.Thread(target=lambda: came.append(door.wait(60)))
        waiting.start()
        app = place.connect()
        waiting.join()
        assert app is not None and came[0] is not None
        with app, came[0] as engine:
            app.send("hello")
            assert engine.recv() == "hello"


def test_an_engine_that_does_not_answer_is_of_no_use(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_module, "_ANSWER_S", 0.05)
    with a_door(place):
        assert place.connect() is None


def test_nobody_is_waited_for_longer_than_was_said(place: Place) -> None:
    with a_door(place) as door:
        assert door.wait(0.0) is None
        assert door.wait(0.01) is None


@pytest.mark.parametrize("gone", ["session", "socket", "lock"])
def test_nobody_is_waited_for_who_cannot_come(
    place: Place, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(door_module, "_LOOK_S", 0.01)
    with a_door(place) as door:
        {"session": place.session, "socket": place.socket_path, "lock": place.lock_path}[
            gone
        ].unlink()
        assert door.wait(60) is None


def test_an_engine_leaves_the_files_of_the_next_one_alone(place: Place) -> None:
    with a_door(place) as door:
        place.lock_path.unlink()
        with a_door(place):
            door.close()
            assert place.is_taken
            assert place.socket_path.exists()


def test_the_folder_is_nobody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "engines"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_session_has_one_place_by_whatever_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    one = Place(tmp_path / "pool.neufs.db", tmp_path)
    assert Place(tmp_path / "link" / "pool.neufs.db", tmp_path).socket_path == one.socket_path
    assert Place(tmp_path / "other.neufs.db", tmp_path).socket_path != one.socket_path


def test_another_folder_or_environment_is_another_circumstance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = circumstances()
    monkeypatch.setenv("EDITOR", "ed")
    assert circumstances() == before
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    elsewhere = circumstances()
    assert elsewhere != before
    monkeypatch.chdir(tmp_path)
    assert circumstances() not in (before, elsewhere)
