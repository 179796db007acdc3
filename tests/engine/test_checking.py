"""A test beside the pool: read without labels and behind them, and nothing of it chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind, Demonstration
from neufs_tui.engine.candidates import Candidates
from neufs_tui.engine.checking import Checking
from neufs_tui.engine.protocol import Focus
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.statistics.check_set import MIN_CHECKED
from tests.engine.test_scanning import TASK, config, pool
from tests.models import load_tiny

EXAMPLES, TESTS = pool(60)[:40], pool(60)[40:]
CANDIDATES = Candidates(lambda n: [one.id for one in EXAMPLES[10:30]][:n], 20)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(tmp_path_factory.mktemp("model"), "llama", window=1024)


@pytest.fixture
def scanner(loaded: LoadedModel, tmp_path: Path) -> Scanner:
    settings = replace(config(EXAMPLES, tmp_path, batch_halvings=4), tests=TESTS)
    scanner = Scanner(settings, loaded)
    list(scanner.run())
    scanner.close()
    return scanner


def focus(*rows: int) -> Focus:
    labels = [Decision(EXAMPLES[row].id, DecisionKind.LABEL, Answer("yes")) for row in rows]
    earlier = Decision(EXAMPLES[39].id, DecisionKind.SKIP, check=True)
    return Focus(len(rows) + 1, (earlier, *labels), EXAMPLES[38].id)


class Followed:
    """A rescorer and what it reads of the test, told of each focus as the engine tells them."""

    def __init__(self, scanner: Scanner) -> None:
        self.rescorer = Rescorer(scanner._config, scanner)
        self.checking = Checking(scanner._config, scanner, self.rescorer)

    def follow(self, to: Focus) -> None:
        self.rescorer.follow(to.decisions, to.held, tests=self.checking.tests)
        self.checking.follow(to)


def test_a_test_is_read_without_labels_and_behind_them(
    scanner: Scanner, loaded: LoadedModel
) -> None:
    followed = Followed(scanner)
    assert followed.checking.tests == []
    list(followed.checking.scan())
    assert followed.checking.tests == [one.id for one in TESTS]
    assert len(scanner.captures) == len(EXAMPLES)
    followed.follow(focus())
    alone = followed.checking.news()
    assert alone is not None and (alone.n_labels, alone.n_demonstrations) == (0, 0)
    followed.follow(focus(3))
    assert followed.checking.news() is None
    while followed.rescorer.step(CANDIDATES):
        pass
    behind = followed.checking.news()
    assert behind is not None and behind.behind != alone.behind
    progress = followed.rescorer.progress(CANDIDATES)
    assert progress.done == progress.total == len(CANDIDATES)
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    whole = CaptureRunner(loaded, encoder.candidates, scanner._config.capture)
    for example, before, after in zip(TESTS, alone.readings, behind.readings, strict=True):
        assert before.example_id == after.example_id == example.id
        assert before.without == after.without and before.with_labels is None
        shown = [Demonstration(EXAMPLES[3].text, "yes")]
        for found, demonstrations in ((after.without, []), (after.with_labels, shown)):
            (expected,) = whole.capture([encoder.prompt(example.text, demonstrations)])
            np.testing.assert_allclose(found, expected.scores, rtol=1e-4, atol=1e-4)


def test_the_best_candidates_are_read_before_the_test(scanner: Scanner) -> None:
    followed = Followed(scanner)
    list(followed.checking.scan())
    followed.follow(focus(3))
    first = [*CANDIDATES][:8]
    in_order = [*first, *(one.id for one in TESTS)]
    while len(followed.rescorer.readings) < len(in_order):
        assert followed.rescorer.step(CANDIDATES)
        n_read = len(followed.rescorer.readings)
        assert followed.rescorer.readings.keys() >= {*in_order[:n_read]}


def test_whoever_is_faster_is_told_what_was_read_behind_the_labels_before(
    scanner: Scanner,
) -> None:
    followed = Followed(scanner)
    list(followed.checking.scan())
    followed.follow(focus(3))
    ids = {one.id for one in TESTS}

    def n_read() -> int:
        return len(ids & followed.rescorer.readings.keys())

    while n_read() < MIN_CHECKED:
        assert followed.checking.news(leaving=True) is None
        followed.rescorer.step(CANDIDATES)
    assert n_read() < len(TESTS) and followed.checking.news() is None
    partly = followed.checking.news(leaving=True)
    assert partly is not None and len(partly.readings) == n_read()
    assert (partly.n_labels, partly.n_demonstrations) == (1, 1)
    assert all(one.with_labels is not None for one in partly.readings)
    followed.follow(focus(3, 4))
    assert followed.checking.news(leaving=True) is None


def test_what_was_read_of_a_test_without_labels_is_not_read_again(
    scanner: Scanner, loaded: LoadedModel
) -> None:
    list(Followed(scanner).checking.scan())
    again = Scanner(scanner._config, loaded).beside(TESTS)
    assert again.complete
    again.close()
