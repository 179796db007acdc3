"""What labels have taught, as it is applied to any text that was read with the same prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import Shift
from neufs_tui.core.neurons import Capture, shifted
from neufs_tui.readout.estimate import Readout
from neufs_tui.readout.kernel_regression import Floats, log_softmax
from neufs_tui.readout.similarity import HeldTexts, Space

_AT_ONCE = 4096
"""Texts compared with the labelled ones at a time, which bounds the memory that it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedReadout:
    """A readout with all that it needs for a text."""

    space: Space
    """Of the pool."""
    labelled: HeldTexts
    """What was learned from, k texts."""
    readout: Readout
    offsets: Shift | None
    """What calibrates answers without demonstrations; None where they stay as they are."""

    def probabilities(self, captures: Sequence[Capture], answers: Floats | None = None) -> Floats:
        """Of the labels of n texts.

        Args:
            captures: of the texts, read without demonstrations.
            answers: log-probabilities of the labels that what was learned moves, shape
                (n, n_labels); None for the texts' own calibrated answers.

        Returns:
            Shape (n, n_labels).
        """
        n_labels = self.readout.weights.shape[2]
        found = [np.empty((0, n_labels))]
        for start in range(0, len(captures), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            prior = (
                prior_mean(_scores(captures[part]), self.offsets)
                if answers is None
                else answers[part]
            )
            similarities = self.space.hold(captures[part]).similarities(self.labelled)
            found.append(self.readout.probabilities(similarities, prior))
        return np.concatenate(found)

    def vectors(self, captures: Sequence[Capture]) -> Any:
        """Where n texts lie: cosines are those by each part, weighted as the readout weighs parts.

        Args:
            captures: of the texts, read without demonstrations.

        Returns:
            A sparse matrix of SciPy, a row for each text.
        """
        return self.space.hold(captures).vectors(self.readout.part_shares)


def prior_mean(scores: NDArray[np.float32], offsets: Shift | None) -> Floats:
    """Log-probabilities of the calibrated answers of n texts, shape (n, n_labels)."""
    return log_softmax(shifted(scores, offsets).astype(np.float64))


def _scores(captures: Sequence[Capture]) -> NDArray[np.float32]:
    return np.array([capture.scores for capture in captures])
