"""The engine process itself, over its pipe, with a tiny model."""

from __future__ import annotations

import os
import queue
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.estimated import Estimated
from neufs_tui.core.exact_prompt import AskPrompt, ExactPrompt
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.engine.client import EngineClient
from neufs_tui.engine.exact_prompt import exact_prompt, load_encoder
from neufs_tui.engine.protocol import (
    Calibrated,
    EngineDied,
    EngineFailed,
    Event,
    Explain,
    Explained,
    FindWords,
    Focus,
    ModelReady,
    Noticed,
    Ranked,
    Rescored,
    ScanProgressed,
    Stage,
    Suggest,
    Suggested,
    WordsFound,
)
from neufs_tui.model.loading.failures import is_out_of_memory
from tests.engine.conftest import WAIT_S, Begin, config
from tests.engine.test_scanning import pool
from tests.model import templates
from tests.paced import PACED, Pace
from tests.tiny import save_tiny_model


def next_ranked(events: queue.Queue[Event]) -> Ranked:
    """The next ranking; before it comes what calibrates the answers, and what labels foretell."""
    while not isinstance(event := events.get(timeout=WAIT_S), Ranked):
        assert isinstance(event, Calibrated | Estimated)
    return event


def test_an_engine_loads_scans_and_answers(client: Begin, tiny_llama: Path) -> None:
    engine, events = client(tiny_llama), queue.Queue[Event]()
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    seen: list[Event] = []
    while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.complete):
        seen.append(event)
    assert [one.name for one in seen if isinstance(one, Stage)] == [
        "libraries",
        "tokenizer",
        "weights",
        "check",
        "scan",
    ]
    (ready,) = (one for one in seen if isinstance(one, ModelReady))
    assert (ready.neurons, ready.dtype) == ("3 layers of 48 neurons", "float32")
    assert max(one.done for one in seen if isinstance(one, ScanProgressed)) == 20
    assert event.pick is not None and event.pick.reason is not None

    first = event.pick.example_id
    engine.send(Focus(0, (), first))
    ahead = next_ranked(events)
    assert ahead.after_label is not None
    engine.send(Focus(1, (Decision(first, DecisionKind.LABEL, Answer("yes")),), None))
    after = next_ranked(events)
    assert after.pick == ahead.after_label


def test_an_engine_hunts_and_answers_questions_for_suggestions(
    client: Begin, tiny_llama: Path
) -> None:
    engine, events = client(tiny_llama, rescore="off"), queue.Queue[Event]()
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.complete):
        pass
    engine.send(Focus(0, (), None, hunted="no"))
    hunted = next_ranked(events)
    assert hunted.hunted == "no" and hunted.pick is not None
    assert hunted.pick.reason is not None and hunted.pick.reason.label == "no"
    shares = [pick.probabilities["no"] for pick in hunted.queue]
    assert shares == sorted(shares, reverse=True)
    engine.send(Focus(0, (), hunted.pick.example_id))
    engine.send(Suggest("yes", 3))
    while not isinstance(event := events.get(timeout=WAIT_S), Suggested):
        pass
    assert event == Suggested(0, "yes", ())  # nothing is certain without labels


def test_the_prompt_of_an_example_is_told_by_the_last_focus(
    client: Begin, tiny_llama: Path, tmp_path: Path
) -> None:
    engine, events = client(tiny_llama), queue.Queue[Event]()
    first, second, third = pool(3)
    label = Decision(first.id, DecisionKind.LABEL, Answer("yes"))
    engine.send(Focus(0, (), second.id))
    engine.send(Focus(1, (label,), second.id))
    engine.start(events.put)
    engine.send(AskPrompt(second.id, second.text))  # before there is a model
    while not isinstance(event := events.get(timeout=WAIT_S), ExactPrompt):
        pass
    asked = config(tmp_path, tiny_llama)
    assert event == exact_prompt(load_encoder(asked), asked, [label], second.id, second.text)
    assert event.shown == ((first.id, "yes"),)
    engine.send(AskPrompt(third.id, third.text))
    while not isinstance(event := events.get(timeout=WAIT_S), ExactPrompt):
        pass
    assert event.example_id == third.id


def test_what_the_model_makes_of_the_pool_is_noticed_before_the_scan(
    client: Begin, tmp_path: Path
) -> None:
    model = save_tiny_model(tmp_path / "model", template=templates.REFUSES_SYSTEM)
    engine, events = client(model), queue.Queue[Event]()
    engine.start(events.put)
    while not isinstance(event := events.get(timeout=WAIT_S), Noticed):
        assert not isinstance(event, ScanProgressed)
    (sentence,) = event.sentences
    assert "the instruction opens the first user turn" in sentence


def test_a_model_that_cannot_be_loaded_is_told_with_a_hint(client: Begin, tmp_path: Path) -> None:
    engine, events = client("./nowhere"), queue.Queue[Event]()
    engine.start(events.put)
    while not isinstance(event := events.get(timeout=WAIT_S), EngineFailed):
        pass
    assert "there is no folder ./nowhere" in event.message
    assert event.hint == "check the path"
    assert "there is no folder" in (tmp_path / "engine.log").read_text()


def test_a_checkpoint_that_is_not_whole_is_told_with_a_hint(
    client: Begin, tiny_llama: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    engine, events = client(folder), queue.Queue[Event]()
    engine.start(events.put)
    while not isinstance(event := events.get(timeout=WAIT_S), EngineFailed | EngineDied):
        pass
    assert isinstance(event, EngineFailed)
    assert f"{weights} is damaged or cut short" in event.message
    assert event.hint == "copy or fetch that file again"
    assert "Traceback" in (tmp_path / "engine.log").read_text()


def test_an_engine_leaves_in_the_middle_of_a_batch_with_what_it_has_read(
    client: Begin, tiny_llama: Path, pace: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neufs_tui.engine.client._STOP_SECONDS", WAIT_S)
    engine, events = client(tiny_llama, command=PACED), queue.Queue[Event]()
    engine.start(events.put)
    pace.let_pass(1)
    while not (isinstance(event := events.get(timeout=WAIT_S), ScanProgressed) and event.done):
        pass
    read, pid = event.done, engine.process_id
    engine.stop()  # the second batch waits for a byte that never comes
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    again = client(tiny_llama)
    again.start(events.put)
    while not isinstance(event := events.get(timeout=WAIT_S), ScanProgressed):
        pass
    assert event.done == read < event.total


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
    ],
)
def test_running_out_of_memory_is_told_from_other_errors(error: RuntimeError, memory: bool) -> None:
    assert is_out_of_memory(error) is memory


@pytest.mark.parametrize(("rescore", "n_reread"), [("pool", 38), ("shortlist", 32), ("off", 0)])
def test_after_a_label_candidates_are_reread_behind_it(
    client: Begin, tiny_llama: Path, rescore: str, n_reread: int
) -> None:
    engine, events = client(tiny_llama, n=40, rescore=rescore), queue.Queue[Event]()
    examples = pool(40)
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.complete):
        pass
    labelled = Decision(examples[3].id, DecisionKind.LABEL, Answer("yes"))
    engine.send(Focus(1, (labelled,), examples[4].id))
    seen: list[Event] = []
    while True:
        seen.append(event := events.get(timeout=WAIT_S))
        over = isinstance(event, Ranked) and event.revision == 1
        progress = [one for one in seen if isinstance(one, Rescored)]
        if over and (rescore == "off" or (progress and progress[-1].done == n_reread)):
            break
    assert isinstance(event, Ranked) and event.after_skip is not None
    assert event.after_skip.n_demonstrations == (0 if rescore == "off" else 1)
    assert bool(progress) == (rescore != "off")
    if progress:
        assert (progress[-1].done, progress[-1].total) == (n_reread, n_reread)
        assert [one.done for one in progress] == sorted(one.done for one in progress)
        assert {(one.n_demonstrations, one.revision) for one in progress} == {(1, 1)}


@pytest.mark.parametrize("rescore", ["pool", "off"])
def test_check_examples_are_told_as_soon_as_they_are_read(
    client: Begin, tiny_llama: Path, rescore: str
) -> None:
    engine, events = client(tiny_llama, n=40, rescore=rescore), queue.Queue[Event]()
    examples = pool(40)
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.final):
        pass
    checks = tuple(
        Decision(examples[row].id, DecisionKind.SKIP, check=row < 8) for row in (5, 6, 7, 8)
    )
    labelled = Decision(examples[3].id, DecisionKind.LABEL, Answer("yes"))
    held = (examples[9].id, examples[10].id)
    told: list[ChecksRead] = []
    for revision, decisions in ((3, checks), (4, (*checks, labelled))):
        engine.send(Focus(revision, decisions, examples[4].id, held=held))
        n_told = len(told)
        while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.final):
            if isinstance(event, ChecksRead):
                told.append(event)
        assert len(told) == n_told + 1 and event.revision == revision
    alone, behind = told
    assert [one.example_id for one in behind.readings] == [one.example_id for one in checks[:3]]
    assert (alone.n_labels, behind.n_labels) == (0, 1)
    assert alone.behind != behind.behind
    assert alone.names == ("yes", "no")
    assert all(one.with_labels is None and len(one.without) == 2 for one in alone.readings)
    assert [one.without for one in behind.readings] == [one.without for one in alone.readings]
    if rescore == "off":
        assert behind.n_demonstrations == 0
        assert all(one.with_labels is None for one in behind.readings)
    else:
        assert behind.n_demonstrations == 1
        assert all(one.with_labels not in (None, one.without) for one in behind.readings)
        assert {pick.n_demonstrations for pick in event.held} == {1}


def test_labels_are_told_to_foretell_one_another_and_the_check_examples(
    client: Begin, tiny_llama: Path
) -> None:
    engine, events = client(tiny_llama, n=40, rescore="off"), queue.Queue[Event]()
    examples = pool(40)
    labels = tuple(
        Decision(examples[row].id, DecisionKind.LABEL, Answer(("yes", "no")[row % 2]))
        for row in range(6)
    )
    checks = tuple(
        Decision(examples[row].id, DecisionKind.SKIP, check=True) for row in range(6, 10)
    )
    engine.send(Focus(4, checks, examples[14].id))
    engine.start(events.put)
    while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.final):
        assert not isinstance(event, Estimated)  # nothing is learned yet
    engine.send(Focus(10, (*checks, *labels), examples[14].id, held=(examples[20].id,)))
    while not isinstance(event := events.get(timeout=WAIT_S), Estimated):
        pass
    assert (event.revision, event.n_learned) == (10, 6) and 0 <= event.n_foretold <= 6
    assert [*event.checks] == [one.example_id for one in checks]
    assert {*event.checks.values()} <= {"yes", "no"}


def test_behind_halves_of_the_labels_check_examples_are_read_once_all_else_is(
    client: Begin, tiny_llama: Path
) -> None:
    engine, events = client(tiny_llama, n=40), queue.Queue[Event]()
    examples = pool(40)
    labels = tuple(
        Decision(examples[row].id, DecisionKind.LABEL, Answer("yes")) for row in range(4)
    )
    checks = tuple(
        Decision(examples[row].id, DecisionKind.SKIP, check=True) for row in range(4, 14)
    )
    engine.send(Focus(14, (*labels, *checks), examples[14].id))
    engine.start(events.put)
    seen: list[Event] = []
    while not (isinstance(event := events.get(timeout=WAIT_S), ChecksRead) and event.n_half):
        seen.append(event)
    assert event.n_half == 2
    *_, told = (one for one in seen if isinstance(one, ChecksRead))
    assert [one.with_labels for one in event.readings] == [one.with_labels for one in told.readings]
    rescored = [one for one in seen if isinstance(one, Rescored)][-1]
    assert rescored.done == rescored.total > 0
    assert any(isinstance(one, Ranked) and one.final for one in seen)


def test_a_test_beside_the_pool_is_told_without_labels_and_behind_them(
    tmp_path: Path, tiny_llama: Path
) -> None:
    examples = pool(70)
    tests = examples[40:]
    wanted = replace(config(tmp_path, tiny_llama, n=40), tests=tests)
    engine, events = EngineClient(wanted, tmp_path / "engine.log"), queue.Queue[Event]()
    decisions = tuple(
        Decision(examples[row].id, DecisionKind.LABEL, Answer("yes")) for row in range(4)
    )
    engine.send(Focus(0, (), examples[4].id))
    engine.start(events.put)
    try:
        seen: list[Event] = []
        while not (isinstance(event := events.get(timeout=WAIT_S), ChecksRead) and event.n_half):
            seen.append(event)
            if isinstance(event, ChecksRead) and len(event.readings) == 30 and not event.n_labels:
                engine.send(Focus(4, decisions, examples[4].id))
        assert {one.example_id for one in event.readings} == {one.id for one in tests}
        assert all(one.with_labels and len(one.halves) == 3 for one in event.readings)
        ranked = [one for one in seen if isinstance(one, Ranked)]
        picks = [pick for one in ranked for pick in (*one.queue, one.after_label, one.after_skip)]
        assert {one.id for one in tests}.isdisjoint(pick.example_id for pick in picks if pick)
        scanned = [one for one in seen if isinstance(one, ScanProgressed)]
        assert {one.total for one in scanned} == {40}
        assert ranked[-1].final
    finally:
        engine.stop()


def test_a_question_why_is_answered_beside_the_rereading(client: Begin, tiny_llama: Path) -> None:
    engine, events = client(tiny_llama), queue.Queue[Event]()
    examples = pool(20)
    engine.send(Focus(0, (), None))
    engine.start(events.put)
    while not (isinstance(event := events.get(timeout=WAIT_S), Ranked) and event.complete):
        pass
    labelled = (Decision(examples[3].id, DecisionKind.LABEL, Answer("yes")),)
    engine.send(Focus(1, labelled, examples[4].id))
    engine.send(Explain(examples[5].id))
    engine.send(Explain(examples[4].id))
    answered: list[Explained] = []
    while len(answered) < 2:
        if isinstance(event := events.get(timeout=WAIT_S), Explained):
            answered.append(event)
    (event,) = [one for one in answered if one.example_id == examples[4].id]
    assert {one.example_id for one in answered} == {examples[4].id, examples[5].id}
    assert event.explanation is not None
    assert event.explanation.n_labelled == 1
    assert event.explanation.overlap is not None
    engine.send(Explain("nobody"))
    while not (isinstance(event := events.get(timeout=WAIT_S), Explained)):
        pass
    assert event.explanation is None
    engine.send(Focus(2, (), examples[4].id))
    engine.send(FindWords(examples[4].id))
    while not (isinstance(event := events.get(timeout=WAIT_S), WordsFound)):
        pass
    assert event.example_id == examples[4].id
    assert event.words
    engine.send(FindWords("nobody"))
    while not (isinstance(event := events.get(timeout=WAIT_S), WordsFound)):
        pass
    assert event.words is None
