"""A running engine goes on with another configuration."""

from __future__ import annotations

import queue
import shutil
from dataclasses import replace
from pathlib import Path

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.engine.protocol import (
    Calibrated,
    Event,
    Focus,
    ModelReady,
    Ranked,
    ScanProgressed,
    Stage,
)
from tests.engine.conftest import WAIT_S, Begin, config
from tests.engine.test_scanning import pool
from tests.tiny import save_tiny_model


def until_all_is_scanned(events: queue.Queue[Event], total: int) -> list[Event]:
    """What is told up to the first ranking of so many examples."""
    seen: list[Event] = []
    while True:
        seen.append(event := events.get(timeout=WAIT_S))
        scanned = [one for one in seen if isinstance(one, ScanProgressed)]
        if (
            isinstance(event, Ranked)
            and event.complete
            and scanned
            and scanned[-1].done == scanned[-1].total == total
        ):
            return seen


def loads(seen: list[Event]) -> bool:
    return any(isinstance(one, Stage) and one.name == "weights" for one in seen)


def test_a_running_engine_goes_on_with_another_configuration(
    client: Begin, tiny_llama: Path, tmp_path: Path
) -> None:
    engine, events = client(tiny_llama), queue.Queue[Event]()
    labelled = Decision(pool(20)[3].id, DecisionKind.LABEL, Answer("yes"))
    engine.send(Focus(1, (labelled,), None))
    engine.start(events.put)
    assert loads(until_all_is_scanned(events, 20))
    process = engine.process_id

    engine.update(config(tmp_path, tiny_llama, n=30))
    grown = until_all_is_scanned(events, 30)
    assert not loads(grown)
    (ready,) = (one for one in grown if isinstance(one, ModelReady))
    first = next(one for one in grown if isinstance(one, ScanProgressed))
    assert (first.done, first.total) == (20, 30)
    ranked = grown[-1]
    assert isinstance(ranked, Ranked) and ranked.revision == 1
    assert ranked.pick is not None and ranked.pick.n_scanned == 30
    assert ranked.pick.n_labelled == 1

    engine.update(config(tmp_path, tiny_llama, n=30, third="neither"))
    asked_anew = until_all_is_scanned(events, 30)
    assert not loads(asked_anew)
    assert next(one for one in asked_anew if isinstance(one, ScanProgressed)).done == 0
    ranked = asked_anew[-1]
    assert isinstance(ranked, Ranked) and ranked.pick is not None
    assert ranked.pick.probabilities.keys() == {"yes", "no", "neither"}

    other = save_tiny_model(tmp_path / "other", seed=1)
    engine.update(config(tmp_path, other, n=30))
    by_another = until_all_is_scanned(events, 30)
    assert loads(by_another)
    (now,) = (one for one in by_another if isinstance(one, ModelReady))
    assert now.fingerprint != ready.fingerprint
    assert engine.process_id == process


def test_the_same_configuration_is_answered_with_where_the_engine_is(
    client: Begin, tiny_llama: Path, tmp_path: Path
) -> None:
    engine, events = client(tiny_llama), queue.Queue[Event]()
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    until_all_is_scanned(events, 20)
    # another text is on the screen by now, which would be scanned first
    engine.update(replace(config(tmp_path, tiny_llama), first=(pool(20)[9].id,)))
    seen: list[Event] = []
    while not (seen and isinstance(seen[-1], ModelReady)):
        seen = [events.get(timeout=WAIT_S)]  # what was ranked before it heard
    seen += until_all_is_scanned(events, 20)
    assert [type(one) for one in seen] == [ModelReady, ScanProgressed, Calibrated, Ranked]


def test_a_model_whose_files_have_changed_is_loaded_anew(
    client: Begin, tiny_llama: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "model")
    engine, events = client(folder), queue.Queue[Event]()
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    until_all_is_scanned(events, 20)
    shutil.copytree(save_tiny_model(tmp_path / "other", seed=1), folder, dirs_exist_ok=True)
    engine.update(config(tmp_path, folder))
    assert loads(until_all_is_scanned(events, 20))
