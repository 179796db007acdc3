"""What labels say of the pool and of other texts is what the estimates say while one labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.check_set import as_unlabelled, n_left
from neufs_tui.core.draws import Draws
from neufs_tui.core.records import Answer, Decision, DecisionKind, Example, content_hash
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.estimating import Estimates, Estimator
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import Learned, learn_readout
from neufs_tui.engine.protocol import EngineConfig, EngineEvent, ModelReady, ScanProgressed
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.selection.scanned_pool import ScannedPool
from tests.engine.conftest import config
from tests.pools import AWKWARD

TEXTS = tuple(
    Example(content_hash(text), text, row)
    for row, text in enumerate(["Another text.", "And one more, longer than that.", *AWKWARD])
)


def label(example: Example, **more: bool) -> Decision:
    answer = Answer(("yes", "no")[example.row % 2])
    return Decision(example.id, DecisionKind.LABEL, answer, **more)


@pytest.fixture
def asked(tiny_llama: Path, tmp_path: Path) -> EngineConfig:
    return config(tmp_path, tiny_llama, n=60)


def learn(
    asked: EngineConfig,
    decisions: Sequence[Decision],
    texts: Sequence[Example] = (),
    told: list[EngineEvent] | None = None,
) -> Learned | None:
    listen = [].append if told is None else told.append
    return learn_readout(asked, decisions, texts, NeededModel(asked, listen), listen)


def estimated(
    asked: EngineConfig, decisions: Sequence[Decision], learned: Learned, held: tuple[str, ...] = ()
) -> Estimates:
    """What the engine of the screen makes of the same scan."""
    captures = {one.id: learned.read.captures[one.id] for one in asked.examples}
    estimator = Estimator(
        Calibrator(asked, reads_all=learned.read.reads_all), asked.task.label_names
    )
    pool = ScannedPool(captures)
    found = estimator.estimate(pool, as_unlabelled(decisions), held, captures)
    assert found is not None
    return found


@pytest.mark.parametrize("n_labels", [1, 9, 40])
def test_the_pool_is_estimated_as_on_the_screen(asked: EngineConfig, n_labels: int) -> None:
    decisions = [label(one) for one in asked.examples[3 : 3 + n_labels]]
    decisions[1:1] = [Decision(asked.examples[0].id, DecisionKind.SKIP)]
    learned = learn(asked, decisions, TEXTS)
    assert learned is not None
    in_order = sorted(asked.examples, key=lambda one: one.id)
    probabilities = learned.probabilities(in_order)
    expected = estimated(asked, decisions, learned).probabilities
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-6)
    answers = np.log([learned.read.captures[one.id].probabilities for one in in_order])
    assert np.abs(probabilities - np.exp(answers)).max() > 0.01  # the labels count
    others = learned.probabilities(TEXTS)
    assert others.shape == (len(TEXTS), 2)
    np.testing.assert_allclose(others.sum(axis=1), 1)


def test_check_examples_to_come_calibrate_nothing_as_on_the_screen(asked: EngineConfig) -> None:
    asked = replace(asked, selection=replace(asked.selection, check=10))
    decisions = [label(one, check=one.row < 4) for one in asked.examples[:12]]
    learned = learn(asked, decisions)
    assert learned is not None
    held = held_on_screen(asked, decisions)
    assert len(held) == 6
    found = learned.probabilities(sorted(asked.examples, key=lambda one: one.id))
    same = estimated(asked, decisions, learned, held).probabilities
    np.testing.assert_allclose(found, same, rtol=0, atol=1e-6)
    other = estimated(asked, decisions, learned).probabilities
    assert np.abs(found - other).max() > 1e-6


def held_on_screen(asked: EngineConfig, decisions: Sequence[Decision]) -> tuple[str, ...]:
    class Shown(Workspace):
        """Its draws alone."""

        def __init__(self) -> None:
            ids = (one.id for one in asked.examples)
            self.draws = Draws(ids, asked.selection.seed, checks=True)

    n = n_left(decisions, asked.selection.check)
    return Shown().held({one.example_id for one in decisions}, None, n)


def test_what_is_stored_is_not_read_and_needs_no_model(asked: EngineConfig) -> None:
    decisions = [label(one) for one in asked.examples[:4]]
    told: list[EngineEvent] = []
    first = learn(asked, decisions, TEXTS, told)
    assert sum(isinstance(one, ModelReady) for one in told) == 1
    read = [one for one in told if isinstance(one, ScanProgressed)]
    assert [one.total for one in read if one.done == one.total] == [60, len(TEXTS)]
    told.clear()
    again = learn(asked, decisions, TEXTS, told)
    assert told == []
    assert first is not None and again is not None
    assert (first.probabilities(TEXTS) == again.probabilities(TEXTS)).all()
    assert learn(asked, decisions, [TEXTS[0], *asked.examples[:2]], told) is not None
    assert told == []
    fresh = Example(content_hash("fresh"), "fresh", 0)
    assert learn(asked, decisions, [fresh], told) is not None
    assert [one.total for one in told if isinstance(one, ScanProgressed)][-1] == 1


def test_without_a_label_nothing_is_learned(asked: EngineConfig) -> None:
    skip = Decision(asked.examples[0].id, DecisionKind.SKIP)
    assert learn(asked, [skip, label(asked.examples[1], check=True)]) is None


def test_answers_that_are_not_to_be_calibrated_are_moved_as_they_are(asked: EngineConfig) -> None:
    asked = replace(asked, selection=SelectionSettings(calibration=False))
    learned = learn(asked, [label(one) for one in asked.examples[:6]])
    assert learned is not None
    assert learned.readout.offsets is None
