"""Classes that have fewer labels than their share asks, and the examples likely to be of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EVEN = 0.5
"""How far the share that a class asks lies from its share of the pool, 0, to an equal one, 1.

With it 16 labels of a pool of 1:9 held three times as many of the rare class as random ones."""
_LACK = 0.75
"""Labels below which a class does not lack any: where classes are even, each is one short in turn,
and examples would be chosen for the surest of a class instead of for what they stand for."""


def shortfall(
    estimates: NDArray[np.float64], given: NDArray[np.intp]
) -> NDArray[np.float64] | None:
    """How many labels each class lacks, the next one counted.

    Args:
        estimates: label probabilities of the pool, shape (n, n_labels).
        given: labels of each class, shape (n_labels,).

    Returns:
        As shares of all that is lacking, shape (n_labels,); None where no class lacks any.
    """
    n_labels = estimates.shape[1]
    asked = (1 - _EVEN) * estimates.mean(axis=0) + _EVEN / n_labels
    lacking = asked * (given.sum() + 1) - given
    lacking[lacking < _LACK] = 0
    return np.asarray(lacking / lacking.sum()) if lacking.any() else None
