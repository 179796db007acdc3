"""What one example switches on in the model, and what of it the labelled ones leave open.

A neuron goes by its flat id (`core/model_shape.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import Shift

HIDDEN_DIMENSIONS = 256
"""Of each hidden-state vector, once it is projected."""
NO_HIDDEN = np.empty((0, HIDDEN_DIMENSIONS), dtype=np.float16)
"""Where none were kept."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What one example switched on for the model's own answer."""

    answer: int
    """Index of the predicted label in the task's labels."""
    scores: NDArray[np.float32]
    """Mean log-probability of each candidate's tokens, shape (n_labels,)."""
    neurons: NDArray[np.uint32]
    """Flat ids of the neuron set N(x), ascending, shape (k,)."""
    contributions: NDArray[np.float16]
    """Largest contribution of each of them over the answer positions, shape (k,)."""
    neuron_count: int
    """Q(x): distinct neurons kept over all layers, before the set is cut to size."""
    n_answer_tokens: int
    """Tokens of the predicted label."""
    nucleus: int
    """The fewest neurons that carry a given share of the positive contribution to the answer."""
    participation: float
    """(Σ s)² / Σ s² over the positive contributions s: k where k neurons share equally."""
    hidden: NDArray[np.float16] = field(default_factory=lambda: NO_HIDDEN)
    """The residual stream at about three quarters of the depth, projected at random: at the last
    position of the prompt, and its mean over the text, shape (2, 256); (0, 256) of what is read
    behind demonstrations."""
    truncated: bool = False
    """The text was cut in the middle to fit the context window."""

    def answer_with(self, offsets: Shift | None) -> int:
        """Index of the predicted label once calibration has added offsets; ties go to the first."""
        return self.answer if offsets is None else int(shifted(self.scores, offsets).argmax())

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax over the candidates' mean log-probabilities, shape (n_labels,)."""
        return softmax(self.scores)


def shifted(scores: NDArray[np.floating], offsets: Shift | None) -> NDArray[np.floating]:
    """Scores of shape (…, n_labels) with what calibration adds to them, of their shape."""
    return scores if offsets is None else scores + np.array(offsets)


def softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Shares that sum to 1 along the last axis, of the same shape."""
    wide = scores.astype(np.float64)
    odds = np.exp(wide - wide.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))
