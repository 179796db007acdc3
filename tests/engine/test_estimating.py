"""The label of every example by the labels that hold: a function of the scan and their order."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine import estimating
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.estimating import Estimates, Estimator
from neufs_tui.engine.protocol import EngineConfig, Focus
from neufs_tui.engine.ranking import Ranker
from neufs_tui.selection.scanned_pool import ScannedPool
from tests.captures import random_capture
from tests.pools import examples_of

NAMES = ("a", "b")
TASK = Task(labels=tuple(map(Label, NAMES)))
EXAMPLES = examples_of(f"text {number}" for number in range(120))
RARE = 15
"""One text in so many is a b, and the model's hidden states tell which."""


def is_rare(row: int) -> bool:
    return row % RARE == 3


def held(row: int) -> Capture:
    noise = np.random.default_rng(row).normal(size=(2, HIDDEN_DIMENSIONS))
    noise[:, :60] += 4 * is_rare(row)
    return replace(random_capture(row), hidden=noise.astype(np.float16))


CAPTURES = {example.id: held(example.row) for example in EXAMPLES}
GOLD = {example.id: NAMES[is_rare(example.row)] for example in EXAMPLES}
POOL = ScannedPool(CAPTURES)


def estimator(**selection: bool) -> Estimator:
    chosen = SelectionSettings(**{"calibration": True} | selection)
    config = EngineConfig(EXAMPLES, TASK, ModelChoice(), Path(), selection=chosen)
    return Estimator(Calibrator(config, reads_all=True), NAMES)


def labels(rows: list[int], **more: bool) -> list[Decision]:
    ids = [EXAMPLES[row].id for row in rows]
    return [Decision(one, DecisionKind.LABEL, Answer(GOLD[one]), **more) for one in ids]


def estimated(by: Estimator, decisions: list[Decision]) -> Estimates:
    found = by.estimate(POOL, decisions, (), CAPTURES)
    assert found is not None
    return found


def test_labels_tell_the_rest_of_the_pool() -> None:
    rows = [3, 0, 1, 2, 18, 4, 5, 6]
    found = estimated(estimator(), labels(rows))
    rare = np.array([GOLD[one] == "b" for one in POOL.ids])
    likely = found.probabilities[:, 1]
    ranks = (likely[rare][:, None] > likely[~rare]).mean()
    assert ranks > 0.95  # although the answers that they move were drawn at random
    assert found.given.tolist() == [6, 2]
    assert found.n_learned == 8
    assert found.n_foretold >= 6


def test_without_labels_or_hidden_states_there_is_no_estimate() -> None:
    assert estimator().estimate(POOL, [], (), CAPTURES) is None
    skip = Decision(EXAMPLES[0].id, DecisionKind.SKIP)
    others = [skip, *labels([1], check=True)]
    others.append(Decision(EXAMPLES[2].id, DecisionKind.ACCEPT, Answer("a")))
    assert estimator().estimate(POOL, others, (), CAPTURES) is None
    bare = ScannedPool({one: random_capture(0) for one in list(CAPTURES)[:40]})
    assert estimator().estimate(bare, labels([0]), (), CAPTURES) is None


@given(st.lists(st.integers(0, 119), min_size=1, max_size=8, unique=True), st.data())
@settings(max_examples=15, deadline=None)
def test_what_was_asked_before_changes_nothing(rows: list[int], data: st.DataObject) -> None:
    fresh = estimated(estimator(), labels(rows))
    asked = estimator()
    for n in data.draw(st.lists(st.integers(1, len(rows)), max_size=4)):
        estimated(asked, labels(rows[:n]))
    again = estimated(asked, labels(rows))
    np.testing.assert_array_equal(again.probabilities, fresh.probabilities)
    assert again.n_foretold == fresh.n_foretold


def test_which_settings_are_worth_fitting_depends_on_the_labels_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(estimating, "_ALL_UP_TO", 4)
    monkeypatch.setattr(estimating, "_WORTH_FITTING", 0.1)
    for seed in (9, 13, 56, 59):
        rows = random.Random(seed).sample(range(120), 14)
        fresh = estimated(estimator(), labels(rows))
        asked = estimator()
        for n in range(1, len(rows)):
            estimated(asked, labels(rows[:n]))
        again = estimated(asked, labels(rows))
        np.testing.assert_array_equal(again.probabilities, fresh.probabilities)


def test_similarities_are_kept_of_as_many_labels_as_are_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(estimating, "_MOST_LABELS", 6)
    monkeypatch.setattr(estimating, "_EACH_UP_TO", 4)
    by = estimator()
    for n in range(1, 40):
        estimated(by, labels([*range(n)]))
    assert len(by._rows) <= 6 + 4


def test_of_many_labels_the_newest_are_learned_from_a_stride_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, number in (("_EACH_UP_TO", 8), ("_STRIDE", 4), ("_MOST_LABELS", 12)):
        monkeypatch.setattr(estimating, name, number)
    by = estimator()
    learned = [estimated(by, labels([*range(n)])).n_learned for n in (7, 8, 9, 11, 12, 15, 20)]
    assert learned == [7, 8, 8, 8, 12, 12, 12]
    first = estimated(by, labels([*range(9)])).probabilities  # the prior is by those 8 too
    np.testing.assert_array_equal(first, estimated(by, labels([*range(8)])).probabilities)


def chosen(n: int, *, balance: bool) -> list[str]:
    """What the default strategy asks, answered with the gold labels."""
    selection = SelectionSettings(shots=n, choose_from=10, balance=balance)
    config = EngineConfig(EXAMPLES, TASK, ModelChoice(), Path(), selection=selection)
    ranker = Ranker(EXAMPLES, TASK, selection, calibrator=Calibrator(config, reads_all=True))
    ranker.observe(CAPTURES, complete=True)
    decisions: list[Decision] = []
    ahead = None
    for revision in range(n):
        pick = ranker.answer(Focus(revision, tuple(decisions), None)).pick
        assert pick is not None
        if ahead is not None:
            assert pick.example_id == ahead  # as it was looked for while the last was shown
        known = Focus(revision, tuple(decisions), pick.example_id)
        after = ranker.answer(known).after_label
        ahead = after.example_id if after is not None else None
        given_label = Answer(GOLD[pick.example_id])
        decisions.append(Decision(pick.example_id, DecisionKind.LABEL, given_label))
    return [GOLD[one.example_id] for one in decisions]


def test_a_rare_class_is_asked_for_sooner_when_classes_weigh() -> None:
    n = 12
    balanced, plain = (chosen(n, balance=one).count("b") for one in (True, False))
    assert balanced > max(plain, 2 * n / RARE)
