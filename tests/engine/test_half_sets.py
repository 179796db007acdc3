"""Reading behind random halves of the labels: the right prompts, and nothing else disturbed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.check_set import N_DRAWS, random_halves
from neufs_tui.core.records import Answer, Decision, DecisionKind, Demonstration
from neufs_tui.engine import half_sets
from neufs_tui.engine.candidates import NONE, Candidates
from neufs_tui.engine.checking import Checking
from neufs_tui.engine.half_sets import HalfReader
from neufs_tui.engine.protocol import Focus
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.statistics.check_set import MIN_CHECKED
from tests.engine.test_scanning import TASK, config, pool
from tests.models import load_tiny

EXAMPLES = pool(40)
CHECKS = [one.id for one in EXAMPLES[20 : 20 + MIN_CHECKED]]
SHOWN = tuple(
    Demonstration(one.text, TASK.label_names[place % 2]) for place, one in enumerate(EXAMPLES[:7])
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp("model"), "llama", window=1024)


@pytest.fixture
def scanner(loaded: LoadedModel, tmp_path: Path) -> Scanner:
    return Scanner(config(EXAMPLES, tmp_path, batch_halvings=4), loaded)


def reader(scanner: Scanner) -> HalfReader:
    return HalfReader(scanner._config, scanner)


def test_scores_are_those_of_whole_prompts_with_the_half_in_them(
    scanner: Scanner, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half_sets, "_PIECE", 5)
    halves = reader(scanner)
    halves.follow(SHOWN, CHECKS)
    while halves.step():
        pass
    assert halves.n_labels == 3
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    whole = CaptureRunner(loaded, encoder.candidates, scanner._config.capture)
    for example in EXAMPLES[20 : 20 + MIN_CHECKED]:
        found = halves.scores(example.id)
        for half, scores in zip(random_halves(SHOWN, seed=0), found, strict=True):
            (expected,) = whole.capture([encoder.prompt(example.text, half)])
            np.testing.assert_allclose(scores, expected.scores, rtol=1e-4, atol=1e-4)


def test_what_a_new_label_does_not_change_is_not_read_again(scanner: Scanner) -> None:
    halves = reader(scanner)
    halves.follow(SHOWN[:4], CHECKS)
    while halves.step():
        assert halves.n_labels in (0, 2)
    halves.follow(SHOWN[:5], CHECKS)
    assert halves.n_labels == 2 and not halves.step()
    halves.follow(SHOWN[:6], CHECKS)
    assert not halves.n_labels and halves.step()


@pytest.mark.parametrize(("n_labels", "n_checks"), [(3, MIN_CHECKED), (7, MIN_CHECKED - 1)])
def test_nothing_is_read_of_too_little(scanner: Scanner, n_labels: int, n_checks: int) -> None:
    halves = reader(scanner)
    halves.follow(SHOWN[:n_labels], CHECKS[:n_checks])
    assert not halves.step() and not halves.n_labels


def test_the_present_labels_stay_read_meanwhile(scanner: Scanner) -> None:
    list(scanner.run())
    rescorer = Rescorer(scanner._config, scanner)
    checking = Checking(scanner._config, scanner, rescorer)
    labels = [
        Decision(one.id, DecisionKind.LABEL, Answer(shown.answer))
        for one, shown in zip(EXAMPLES[:7], SHOWN, strict=True)
    ]
    checks = [Decision(one, DecisionKind.SKIP, check=True) for one in CHECKS]
    focus = Focus(17, (*labels, *checks), EXAMPLES[39].id)
    rescorer.follow(focus.decisions)
    checking.follow(focus)
    assert checking.is_owed and checking.news() is None
    while rescorer.step(NONE):
        pass
    told = checking.news()
    assert told is not None and not told.n_half and checking.news() is None
    prefix = rescorer._runner._reader._prefix
    assert prefix is not None
    held = prefix.ids
    n_steps = 0
    while checking.step():
        n_steps += 1
        again = checking.news()
    assert n_steps >= 2 * N_DRAWS and again is not None
    assert again == replace(told, readings=again.readings, n_half=3)
    assert {len(one.halves) for one in again.readings} == {N_DRAWS}
    assert prefix.ids == held
    one_more = Candidates(lambda n: [EXAMPLES[38].id][:n], 1)
    assert rescorer.step(one_more) and prefix.ids == held
    checking.follow(replace(focus, revision=18))
    assert checking.news() == again
