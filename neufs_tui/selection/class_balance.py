"""Classes that have fewer labels than their share asks, and the examples likely to be of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_EVEN = 0.5
"""How far the share that a class asks lies from its share of the pool, 0, to an equal one, 1.

Of two classes one with a tenth of the pool asks three labels in ten."""
_GAIN, _MOST = 2.0, 3.0
"""Weight for each label that a class lacks, and the most there is; the paper's score has 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """What classes lack, and who may bring it."""

    lacking: NDArray[np.float64]
    """Labels that each class lacks, the next one counted, shape (n_labels,)."""
    by_class: NDArray[np.float64]
    """How likely each example is of each class, times that class's share of all that is lacking,
    shape (n, n_labels)."""
    likely: NDArray[np.float64]
    """How likely each example is of a class that lacks labels, shape (n,)."""

    @property
    def weight(self) -> float:
        """Of that beside another score: the longer a class goes without, the more it counts."""
        return min(_GAIN * float(self.lacking.max()), _MOST)


def needs(estimates: NDArray[np.float64], given: NDArray[np.intp]) -> Needs | None:
    """What classes lack.

    Args:
        estimates: label probabilities of the pool, shape (n, n_labels).
        given: labels of each class, shape (n_labels,).

    Returns:
        None where no class lacks any.
    """
    n_labels = estimates.shape[1]
    shares = (1 - _EVEN) * estimates.mean(axis=0) + _EVEN / n_labels
    asked = shares * (given.sum() + 1)
    lacking = asked - given
    # so few less as chance alone leaves are no reason to choose the likeliest of a class instead
    # of what stands for others
    lacking[lacking < np.sqrt(asked)] = 0
    if not lacking.any():
        return None
    by_class = estimates * (lacking / lacking.sum())
    return Needs(lacking, by_class, by_class.sum(axis=1))
