"""Questions about the pool, and about a prompt of it, answered with the next ranking."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from neufs_tui.core.exact_prompt import AskPrompt, ExactPrompt
from neufs_tui.engine.exact_prompt import exact_prompt
from neufs_tui.engine.hunting import suggested
from neufs_tui.engine.protocol import (
    EngineConfig,
    Focus,
    PoolQuestion,
    Suggest,
    Suggested,
    Uncertainty,
)
from neufs_tui.selection.scanned_pool import Readings

if TYPE_CHECKING:
    from neufs_tui.model.encoding import PromptEncoder


def answered(
    asked: PoolQuestion,
    focus: Focus,
    readings: Readings | None,
    config: EngineConfig,
    encoder: PromptEncoder,
) -> Suggested | Uncertainty | ExactPrompt:
    """The answer to a question.

    Args:
        asked: the question.
        focus: where the annotator is.
        readings: the pool as it is ranked; None while nothing is.
        config: the pool and its task.
        encoder: of its prompts.
    """
    if isinstance(asked, AskPrompt):
        return exact_prompt(encoder, config, focus.decisions, asked.example_id, asked.text)
    if isinstance(asked, Suggest):
        return suggested(asked, focus, readings, config.task.label_names)
    return Uncertainty(uncertainty(readings, config))


def uncertainty(readings: Readings | None, config: EngineConfig) -> array[float]:
    """Entropy of each example's label probabilities, as a share of the most there can be.

    Args:
        readings: as it was read last; None while nothing is.
        config: the pool.

    Returns:
        By row of the pool, in [0, 1]; -1 where nothing is read.
    """
    rows = {one.id: one.row for one in config.examples}
    by_row = np.full(max(rows.values(), default=-1) + 1, -1.0, dtype=np.float32)
    if readings is not None:
        shares = readings.probabilities
        logs = np.log(np.clip(shares, np.finfo(np.float64).tiny, 1.0))
        entropy = -(shares * logs).sum(axis=1) / np.log(max(2, shares.shape[1]))
        is_here = [place for place, one in enumerate(readings.pool.ids) if one in rows]
        by_row[[rows[readings.pool.ids[place]] for place in is_here]] = entropy[is_here]
    return array("f", by_row.tobytes())
