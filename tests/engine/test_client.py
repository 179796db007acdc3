"""The client starts the engine, hears it, and starts it again when it dies."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.client import MAX_DEATHS, MAX_HALVINGS, EngineClient
from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineDied,
    EngineFailed,
    Event,
    Explain,
    Explained,
    Focus,
    ModelReady,
    Ranked,
)
from neufs_tui.engine.starting import Starter
from neufs_tui.errors import EngineError
from tests.pools import examples_of

FAKE = (sys.executable, str(Path(__file__).with_name("fake_engine.py")))
FOCUS = Focus(revision=3, decisions=(), shown="ab")
WAIT_S = 30


class Running:
    """A client with a fake engine, and what it has told."""

    def __init__(self, tmp_path: Path, examples: int = 1, command: tuple[str, ...] = FAKE) -> None:
        texts = [f"text {number}" for number in range(examples)]
        config = EngineConfig(
            examples=examples_of(texts),
            task=Task(labels=(Label("a"), Label("b"))),
            model=ModelChoice(),
            cache_dir=tmp_path,
        )
        self.log = tmp_path / "log" / "engine.log"
        self.events: queue.Queue[Event] = queue.Queue()
        self.client = EngineClient(config, self.log, command=command)

    def start(self) -> EngineClient:
        self.client.start(self.events.put)
        return self.client

    def next(self, kind: type) -> Event:
        """The next event of a kind; what comes before it is passed over."""
        while True:
            event = self.events.get(timeout=WAIT_S)
            if isinstance(event, kind):
                return event

    def deaths(self) -> list[EngineDied]:
        """Every death until the engine is given up; each new engine is told another focus."""
        deaths: list[EngineDied] = []
        while not deaths or deaths[-1].restarting:
            self.client.send(replace(FOCUS, revision=FOCUS.revision + len(deaths)))
            deaths.append(self.next(EngineDied))
        return deaths


@pytest.fixture
def behaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("FAKE_ENGINE", "well")
    monkeypatch.setenv("FAKE_COUNTER", str(tmp_path / "starts"))
    running = Running(tmp_path, examples=20_000)  # more than a pipe holds
    yield running
    running.client.stop()


def test_a_large_pool_passes_the_pipe_and_what_is_printed_goes_to_the_log(behaves: Running) -> None:
    client = behaves.start()
    client.send(FOCUS)
    ranked = behaves.next(Ranked)
    assert (ranked.revision, ranked.shown) == (3, "ab")
    client.stop()
    assert "noise on standard output" in behaves.log.read_text()


def test_a_focus_sent_before_the_start_is_not_lost(behaves: Running) -> None:
    behaves.client.send(FOCUS)
    behaves.start()
    assert behaves.next(Ranked).revision == 3


def test_an_engine_that_hears_late_hears_the_newest_focus_and_questions_behind_it(
    behaves: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "gate")
    gate = os.open(tmp_path / "gate", os.O_RDWR)
    try:
        monkeypatch.setenv("FAKE_ENGINE", "hears late")
        monkeypatch.setenv("FAKE_GATE", str(tmp_path / "gate"))
        client = behaves.start()
        for revision in (3, 4):
            client.send(replace(FOCUS, revision=revision))
            client.send(Explain(f"{revision}"))
        os.write(gate, b".")
        heard: list[Event] = []
        while len(heard) < 3:
            if isinstance(event := behaves.events.get(timeout=WAIT_S), Ranked | Explained):
                heard.append(event)
    finally:
        os.close(gate)
    ranked, *explained = heard
    assert ranked.revision == 4
    assert [one.example_id for one in explained] == ["3", "4"]


def test_an_engine_that_dies_is_started_again_and_told_the_last_focus(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "dies on the first focus")
    client = behaves.start()
    client.send(FOCUS)
    died = behaves.next(EngineDied)
    assert died == EngineDied("the engine was killed by SIGKILL", True, "with smaller batches")
    assert behaves.next(Ranked).revision == 3


def test_after_a_kill_the_batches_are_half_as_large(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "dies on the first focus")
    client = behaves.start()
    assert behaves.next(ModelReady).neurons == "0 1"
    client.send(FOCUS)
    behaves.next(EngineDied)
    assert behaves.next(ModelReady).neurons == "1 2"


def test_out_of_memory_is_a_restart_with_smaller_batches_not_a_failure(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "runs out of memory once")
    client = behaves.start()
    died = behaves.next(EngineDied)
    assert died == EngineDied("the model ran out of memory", True, "with smaller batches")
    assert behaves.next(ModelReady).neurons == "1 2"
    client.send(FOCUS)
    assert behaves.next(Ranked).revision == 3


@pytest.mark.parametrize(
    ("behaviour", "n_forgiven"),
    [
        ("dies at once", 0),
        ("dies after a ranking", 0),
        ("dies after an example more", 3),
        ("dies after rereading behind a label more", 3),
    ],
)
def test_only_an_engine_that_gets_farther_is_started_again_and_again(
    behaves: Running, monkeypatch: pytest.MonkeyPatch, behaviour: str, n_forgiven: int
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", behaviour)
    behaves.start()
    deaths = behaves.deaths()
    # The first that gets anywhere has no death before it to be forgiven
    assert len(deaths) == MAX_DEATHS + n_forgiven
    behaves.client.send(FOCUS)
    behaves.client.stop()
    assert behaves.events.empty()


def test_batches_are_not_halved_without_end(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neufs_tui.engine.client.MAX_DEATHS", MAX_HALVINGS + 3)
    monkeypatch.setenv("FAKE_ENGINE", "dies at once")
    behaves.start()
    safer = [died.safer for died in behaves.deaths()]
    assert safer == ["with smaller batches"] * MAX_HALVINGS + [""] * 3


def test_an_engine_that_dies_in_the_middle_of_an_event_is_started_again(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "dies in the middle of an event")
    client = behaves.start()
    client.send(FOCUS)
    assert behaves.next(EngineDied).restarting
    assert behaves.next(Ranked).revision == 3


def test_an_engine_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    running = Running(tmp_path, command=(str(tmp_path / "nothing"),))
    with pytest.raises(EngineError, match="cannot be started"):
        running.start()
    running.client.stop()


def test_a_log_that_cannot_be_written_stops_nothing(behaves: Running) -> None:
    behaves.log.parent.write_text("a file where the folder should be")
    client = behaves.start()
    client.send(FOCUS)
    assert behaves.next(Ranked).revision == 3


def test_a_failure_that_a_restart_cannot_mend_is_told_once(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "refuses")
    client = behaves.start()
    failed = behaves.next(EngineFailed)
    assert (failed.message, failed.hint) == ("the model is not there", "name another")
    client.stop()
    assert behaves.events.empty()


def test_an_engine_that_does_not_stop_is_ended(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "does not stop")
    client = behaves.start()
    client.send(FOCUS)
    behaves.next(Ranked)
    pid = client.process_id
    assert pid is not None
    client.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_engine_keeps_few_kernels_unless_the_user_has_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "5")
    names = ("MALLOC_ARENA_MAX", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    tell = f"import os; print(*map(os.environ.get, {names}))"
    log = tmp_path / "log"
    started = Starter((sys.executable, "-c", tell), log, None).start()
    try:
        assert started.wait() == 0
    finally:
        started.kill()
        started.connection.close()
    assert log.read_text().split() == ["5", "64"]
