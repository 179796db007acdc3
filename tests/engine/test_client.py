"""The client starts the engine, hears it, and starts it again when it dies."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neufs_tui.core.records import Example, Label, Task, content_hash
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.client import MAX_DEATHS, EngineClient
from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineDied,
    EngineFailed,
    Event,
    Focus,
    Ranked,
    ScanProgressed,
)

FAKE = (sys.executable, str(Path(__file__).with_name("fake_engine.py")))
FOCUS = Focus(revision=3, decisions=(), shown="ab")
WAIT_S = 30


class Running:
    """A client with a fake engine, and what it has told."""

    def __init__(self, tmp_path: Path, examples: int = 1) -> None:
        texts = [f"text {number}" for number in range(examples)]
        config = EngineConfig(
            examples=tuple(Example(content_hash(t), t, row) for row, t in enumerate(texts)),
            task=Task(labels=(Label("a"), Label("b"))),
            model=ModelChoice(),
            cache_dir=tmp_path,
        )
        self.log = tmp_path / "log" / "engine.log"
        self.events: queue.Queue[Event] = queue.Queue()
        self.client = EngineClient(config, self.log, command=FAKE)

    def start(self) -> EngineClient:
        self.client.start(self.events.put)
        return self.client

    def next(self, kind: type) -> Event:
        """The next event of a kind; what comes before it is passed over."""
        while True:
            event = self.events.get(timeout=WAIT_S)
            if isinstance(event, kind):
                return event


@pytest.fixture
def behaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("FAKE_ENGINE", "well")
    monkeypatch.setenv("FAKE_COUNTER", str(tmp_path / "starts"))
    running = Running(tmp_path)
    yield running
    running.client.stop()


def test_a_focus_is_answered_and_what_is_printed_goes_to_the_log(behaves: Running) -> None:
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
    assert behaves.next(ScanProgressed).done == 0
    client.send(FOCUS)
    behaves.next(EngineDied)
    assert behaves.next(ScanProgressed).done == 1


def test_out_of_memory_is_a_restart_with_smaller_batches_not_a_failure(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "runs out of memory once")
    client = behaves.start()
    died = behaves.next(EngineDied)
    assert died == EngineDied("the model ran out of memory", True, "with smaller batches")
    assert behaves.next(ScanProgressed).done == 1
    client.send(FOCUS)
    assert behaves.next(Ranked).revision == 3


def test_an_engine_that_dies_again_and_again_is_given_up(
    behaves: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "dies at once")
    behaves.start()
    deaths = [behaves.next(EngineDied) for _ in range(MAX_DEATHS)]
    assert [died.restarting for died in deaths] == [True] * (MAX_DEATHS - 1) + [False]
    behaves.client.send(FOCUS)
    behaves.client.stop()
    assert behaves.events.empty()


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
    monkeypatch.setattr("neufs_tui.engine.client._STOP_SECONDS", 0.2)
    monkeypatch.setenv("FAKE_ENGINE", "does not stop")
    client = behaves.start()
    client.send(FOCUS)
    behaves.next(Ranked)
    pid = client.process_id
    assert pid is not None
    client.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_large_pool_passes_through_the_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "well")
    monkeypatch.setenv("FAKE_COUNTER", str(tmp_path / "starts"))
    running = Running(tmp_path, examples=20_000)
    client = running.start()
    client.send(FOCUS)
    assert running.next(Ranked).revision == 3
    client.stop()
