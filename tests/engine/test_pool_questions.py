"""What the engine answers of the whole pool."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.exact_prompt import AskPrompt, ExactPrompt
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.pool_questions import answered, uncertainty
from neufs_tui.engine.protocol import AskUncertainty, EngineConfig, Focus, Uncertainty
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.selection.scanned_pool import Readings, ScannedPool
from tests import captures
from tests.fakes import pool
from tests.tiny import tiny_tokenizer

EXAMPLES = pool(4)
CONFIG = EngineConfig(EXAMPLES, Task((Label("A"), Label("B"))), ModelChoice(), Path())
ENCODER = PromptEncoder(tiny_tokenizer(), CONFIG.task, context_window=1000)


def readings(scores: dict[int, tuple[float, float]]) -> Readings:
    read = {EXAMPLES[row].id: captures.capture([1, 2], scores=its) for row, its in scores.items()}
    return Readings(ScannedPool(read))


def test_uncertainty_is_entropy_by_row_and_what_is_not_read_is_marked() -> None:
    of = readings({2: (0.0, 0.0), 0: (float(np.log(0.9)), float(np.log(0.1)))})
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1)) / np.log(2)
    assert list(uncertainty(of, CONFIG)) == pytest.approx([entropy, -1, 1, -1], abs=1e-6)


def test_before_anything_is_read_nothing_is_known() -> None:
    told = answered(AskUncertainty(), Focus(0, (), None), None, CONFIG, ENCODER)
    assert isinstance(told, Uncertainty)
    assert list(told.by_row) == [-1.0] * 4


def test_a_prompt_is_told_by_the_labels_of_the_last_focus_also_of_a_text_that_left_the_pool() -> (
    None
):
    label = Decision(EXAMPLES[2].id, DecisionKind.LABEL, Answer("B"))
    told = answered(
        AskPrompt("gone", "Some text."), Focus(1, (label,), None), None, CONFIG, ENCODER
    )
    assert isinstance(told, ExactPrompt)
    assert (told.example_id, told.shown) == ("gone", ((EXAMPLES[2].id, "B"),))
    assert told.parts[-2].text.endswith("Some text.")
