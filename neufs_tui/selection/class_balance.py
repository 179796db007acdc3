"""Classes that have fewer labels than their share asks, and the examples likely to be of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EVEN = 0.5
"""How far the share that a class asks lies from its share of the pool, 0, to an equal one, 1.

With it 16 labels of a pool of 1:9 held 2.9 times as many of the rare class as 16 random ones."""


def shortfall(estimates: NDArray[np.float64], given: NDArray[np.intp]) -> NDArray[np.float64]:
    """How many labels each class lacks, the next one counted.

    Args:
        estimates: label probabilities of the pool, shape (n, n_labels).
        given: labels of each class, shape (n_labels,).

    Returns:
        As shares of all that is lacking, shape (n_labels,).
    """
    n_labels = estimates.shape[1]
    asked = (1 - _EVEN) * estimates.mean(axis=0) + _EVEN / n_labels
    lacking = np.maximum(asked * (given.sum() + 1) - given, 0)
    return np.asarray(lacking / lacking.sum())
