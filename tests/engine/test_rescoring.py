"""Rereading behind the labels: the right prompts, best first, and fresh after undo."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.calibration import Offsets
from neufs_tui.core.records import Answer, Decision, DecisionKind, Demonstration, ExampleId
from neufs_tui.engine import rescoring
from neufs_tui.engine.candidates import NONE, Candidates
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from tests.engine.test_scanning import TASK, config, pool
from tests.models import load_tiny

EXAMPLES = pool(40)


def label(place: int, name: str = "yes") -> Decision:
    return Decision(EXAMPLES[place].id, DecisionKind.LABEL, Answer(name))


def these(ids: list[ExampleId]) -> Candidates:
    return Candidates(lambda n: ids[:n], len(ids))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp("model"), "llama", window=512)


@pytest.fixture
def rescorer(loaded: LoadedModel, tmp_path: Path) -> Rescorer:
    settings = config(EXAMPLES, tmp_path, batch_halvings=4)
    return Rescorer(settings, Scanner(settings, loaded))


def test_readings_are_those_of_whole_prompts_with_the_labels_in_them(
    rescorer: Rescorer, loaded: LoadedModel
) -> None:
    decisions = [
        label(3),
        Decision(EXAMPLES[5].id, DecisionKind.SKIP),
        label(8, TASK.labels[1].name),
    ]
    candidates = these([example.id for example in EXAMPLES[10:20]])
    rescorer.follow(decisions)
    while rescorer.step(candidates):
        pass
    assert set(rescorer.readings) == set(candidates)
    shown = [
        Demonstration(EXAMPLES[3].text, "yes"),
        Demonstration(EXAMPLES[8].text, TASK.labels[1].name),
    ]
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    whole = CaptureRunner(loaded, encoder.candidates, rescorer._runner._settings)
    for example in EXAMPLES[10:20]:
        (expected,) = whole.capture([encoder.prompt(example.text, shown)])
        found = rescorer.readings[example.id]
        np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-4, atol=1e-4)
        assert found.answer == expected.answer


def test_the_best_are_read_first_and_progress_counts_them(rescorer: Rescorer) -> None:
    candidates = these([example.id for example in EXAMPLES[10:]])
    assert not rescorer.step(candidates)  # without a label there is nothing to reread
    rescorer.follow([label(1)])
    assert rescorer.step(candidates)
    n_read = len(rescorer.readings)
    assert 0 < n_read < len(candidates)
    assert set(rescorer.readings) == {*[*candidates][:n_read]}
    progress = rescorer.progress(candidates)
    assert (progress.n_demonstrations, progress.n_labels) == (1, 1)
    assert (progress.done, progress.total) == (n_read, len(candidates))


def test_undo_brings_back_what_was_read_before(rescorer: Rescorer) -> None:
    candidates = these([example.id for example in EXAMPLES[10:14]])
    rescorer.follow([label(1)])
    rescorer.step(candidates)
    before = dict(rescorer.readings)
    rescorer.follow([label(1), label(2)])
    assert not rescorer.readings
    rescorer.step(candidates)
    rescorer.follow([label(1)])
    assert dict(rescorer.readings) == before
    rescorer.follow([])
    assert not rescorer.readings and not rescorer.demonstrations


def test_the_oldest_labels_leave_a_prompt_that_outgrows_the_window(rescorer: Rescorer) -> None:
    decisions = [label(place) for place in range(30)]
    rescorer.follow(decisions)
    progress = rescorer.progress(NONE)
    assert 0 < progress.n_demonstrations < progress.n_labels == 30
    newest = [EXAMPLES[place].text for place in range(30)][-progress.n_demonstrations :]
    assert [shown.text for shown in rescorer.demonstrations] == newest
    assert rescorer.step(these([EXAMPLES[35].id]))


def test_what_a_label_changed_is_counted_on_what_was_read_both_times(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    settings = config(EXAMPLES, tmp_path, batch_halvings=4)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    rescorer = Rescorer(settings, scanner)
    candidates = these([example.id for example in EXAMPLES[10:20]])
    answers = [[scanner.captures[one].answer for one in candidates]]
    for n_labels in (1, 2, 3):
        rescorer.follow([label(place) for place in range(n_labels)])
        while rescorer.step(candidates):
            pass
        answers.append([rescorer.readings[one].answer for one in candidates])
        progress = rescorer.progress(candidates)
        names = [TASK.label_names[answer] for answer in answers[-1]]
        assert progress.answers == Counter(names)
        seen = progress.changes
        assert [one.n_labels for one in seen] == list(range(1, n_labels + 1))
        for change, before, after in zip(seen, answers, answers[1:], strict=False):
            assert change.compared == len(candidates)
            assert change.changed == sum(a != b for a, b in zip(before, after, strict=True))
    rescorer.follow([label(0), label(7)])
    now = rescorer.progress(candidates)
    assert [one.n_labels for one in now.changes] == [1] and not now.answers
    rescorer.follow([label(0)])
    assert sum(rescorer.progress(candidates).answers.values()) == len(candidates)


def test_a_long_prefix_is_a_step_of_its_own(
    rescorer: Rescorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "_LONG_PREFIX", 1)
    candidates = these([example.id for example in EXAMPLES[10:14]])
    rescorer.follow([label(1)])
    assert rescorer.step(candidates) and not rescorer.readings
    assert rescorer.step(candidates) and rescorer.readings


def test_readings_behind_earlier_labels_are_let_go_when_they_are_many(
    rescorer: Rescorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "_MOST_READINGS", 9)
    candidates = these([example.id for example in EXAMPLES[10:14]])
    for n_labels in range(1, 6):
        rescorer.follow([label(place) for place in range(n_labels)])
        while rescorer.step(candidates):
            pass
    assert sum(len(one.captures) for one in rescorer._readings.values()) <= 9 + 4
    assert set(rescorer.readings) == {*candidates}


def test_check_examples_are_read_behind_what_may_be_shown_next(rescorer: Rescorer) -> None:
    labelled = [Decision(EXAMPLES[row].id, DecisionKind.SKIP, check=True) for row in (30, 31)]
    skipped = Decision(EXAMPLES[32].id, DecisionKind.SKIP)
    held = [EXAMPLES[row].id for row in (33, 34, 35)]
    rescorer.follow([label(1), *labelled, skipped], held)
    candidates = these([example.id for example in EXAMPLES[2:30]])
    first = [EXAMPLES[row].id for row in (33, 34, *range(2, 10), 30, 31)]
    while len(rescorer.readings) < len(first):
        assert rescorer.step(candidates)
        n_read = len(rescorer.readings)
        assert rescorer.readings.keys() >= {*first[:n_read]}
    while rescorer.step(candidates):
        pass
    assert rescorer.readings.keys() == {
        *candidates,
        *(EXAMPLES[row].id for row in (30, 31, 33, 34)),
    }
    assert rescorer.demonstrations == (Demonstration(EXAMPLES[1].text, "yes"),)


def test_a_label_that_measures_changes_no_prompt(rescorer: Rescorer) -> None:
    rescorer.follow([label(1)])
    candidates = these([EXAMPLES[20].id])
    assert rescorer.step(candidates)
    before = {**rescorer.readings}
    rescorer.follow([label(1), Decision(EXAMPLES[30].id, DecisionKind.SKIP, check=True)])
    assert {**rescorer.readings} == before
    assert rescorer.step(candidates) and not rescorer.step(candidates)
    assert rescorer.readings.keys() == {EXAMPLES[20].id, EXAMPLES[30].id}


def test_what_answers_are_calibrated_on_is_read_before_check_examples(rescorer: Rescorer) -> None:
    check = Decision(EXAMPLES[30].id, DecisionKind.SKIP, check=True)
    sample = [EXAMPLES[row].id for row in (35, 36)]
    rescorer.follow([label(1), check], sample=sample)
    candidates = these([example.id for example in EXAMPLES[2:30]])
    first = [*(EXAMPLES[row].id for row in range(2, 10)), *sample, EXAMPLES[30].id]
    while len(rescorer.readings) < len(first):
        assert rescorer.step(candidates)
        assert rescorer.readings.keys() >= {*first[: len(rescorer.readings)]}


def test_answers_and_what_a_label_changed_are_counted_as_calibrated(rescorer: Rescorer) -> None:
    candidates = these([example.id for example in EXAMPLES[10:30]])
    first, second = (50.0, 0.0), (0.0, 50.0)
    for n_labels, always in ((1, first), (2, first), (3, second)):
        rescorer.follow([label(place) for place in range(n_labels)])
        rescorer.calibrate(Offsets(scanned=first, reread=always))
        while rescorer.step(candidates):
            pass
        told = rescorer.progress(candidates)
        assert told.answers == {TASK.label_names[always.index(50.0)]: 20}
    # nothing was scanned, so of the first label it is not known what it changed
    assert [(one.changed, one.compared) for one in told.changes] == [(0, 20), (20, 20)]
    rescorer.calibrate(Offsets(scanned=first, reread=first))
    assert rescorer.progress(candidates).changes[-1].changed == 0
