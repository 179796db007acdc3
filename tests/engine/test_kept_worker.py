"""An engine that goes from one app to the next, with a tiny model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neufs_tui.engine.place import Place
from neufs_tui.engine.protocol import Event, Focus, ModelReady, Ranked, ScanProgressed, Stage
from neufs_tui.engine.starting import Running, Starter
from neufs_tui.engine.wire import Quit, Shortener, Stay
from tests.engine.conftest import WAIT_S, config
from tests.paced import PACED, Pace


class App:
    """What an app says to an engine, and hears."""

    def __init__(self, engine: Running) -> None:
        self.engine = engine
        self._shortener = Shortener()
        self.seen: list[Event] = []

    def say(self, *said: object) -> None:
        for one in said:
            self.engine.connection.send(self._shortener.shorten(one))

    def next(self, kind: type) -> Event:
        while True:
            assert self.engine.connection.poll(WAIT_S), f"no {kind}"
            self.seen.append(event := self.engine.connection.recv())
            if isinstance(event, kind):
                return event

    def scanned(self, total: int) -> None:
        while not (event := self.next(ScanProgressed)).done == event.total == total:
            pass

    def hang_up(self) -> None:
        self.engine.connection.close()


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    (tmp_path / "pool.neufs.db").touch()
    place = Place(tmp_path / "pool.neufs.db", tmp_path / "engines")
    yield Starter(PACED, tmp_path / "engine.log", place)
    place.kill()


def test_the_next_app_is_told_at_once_where_the_engine_is_which_scans_meanwhile(
    starter: Starter, tiny_llama: Path, tmp_path: Path, pace: Pace
) -> None:
    asked = config(tmp_path, tiny_llama)
    first = App(starter.start())
    first.say(Stay(600), asked, Focus(0, (), None))
    pace.let_pass(1)
    ranked = first.next(Ranked)
    first.hang_up()  # the second batch waits
    found = starter.find()
    assert found is not None and found.pid == first.engine.pid
    second = App(found)
    second.say(Stay(600), asked, Focus(0, (), None))
    assert second.next(Ranked) == ranked
    assert [type(one) for one in second.seen] == [Stage, ModelReady, ScanProgressed, Ranked]
    second.hang_up()
    pace.let_pass(1)
    pace.wait_until_read()  # nobody is there
    found = starter.find()
    assert found is not None
    third = App(found)
    third.say(Stay(0), asked, Focus(0, (), None))
    pace.let_pass(100)
    while not third.next(Ranked).complete:
        pass
    assert {one.name for one in third.seen if isinstance(one, Stage)} == {"scan"}
    third.hang_up()
    first.engine.wait()


def test_the_next_app_may_bring_a_pool_that_has_grown(
    starter: Starter, tiny_llama: Path, tmp_path: Path, pace: Pace
) -> None:
    pace.let_pass(200)
    first = App(starter.start())
    first.say(Stay(600), config(tmp_path, tiny_llama), Focus(0, (), None))
    first.scanned(20)
    first.hang_up()
    found = starter.find()
    assert found is not None and found.pid == first.engine.pid
    second = App(found)
    second.say(Stay(600), config(tmp_path, tiny_llama, n=30), Focus(0, (), None))
    second.scanned(30)
    assert [one.name for one in second.seen if isinstance(one, Stage)] == ["scan"]
    assert next(one for one in second.seen if isinstance(one, ScanProgressed)).done == 20
    second.say(Quit())
    assert first.engine.wait() == 0
    assert list((tmp_path / "engines").iterdir()) == []


def test_an_engine_of_another_environment_is_ended(
    starter: Starter, tiny_llama: Path, tmp_path: Path, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = App(starter.start())
    first.say(Stay(600), config(tmp_path, tiny_llama))
    first.next(Stage)
    first.hang_up()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert starter.find() is None
    assert first.engine.wait() == 0  # it was asked to end
