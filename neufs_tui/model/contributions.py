"""What neurons contribute to one answer, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Entries:
    """The largest contributions of one example, before they become a neuron set.

    Layer after layer, of each the largest first; k of each layer are 0.206 of its active neurons
    by default, so k may differ between layers.
    """

    position: NDArray[np.int64]
    """Answer position, 0 for the first answer token, shape (Σ k,)."""
    neuron: NDArray[np.int64]
    """Flat ids, same shape."""
    contribution: NDArray[np.float32]
    """s^l_i(t), same shape; −inf where a layer has fewer than k of them."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """All contributions to one answer, nothing left out."""

    neurons: NDArray[np.uint32]
    """Flat ids of all neurons that were passed at some position, ascending, shape (m,)."""
    values: NDArray[np.float32]
    """s^l_i(t), shape (position, m); 0 where it was not passed at that position."""
    activations: NDArray[np.float32]
    """a^l_i(p_t), same shape; times an expert's weight, and 1/rms where a norm follows the FFN."""

    @property
    def summed(self) -> NDArray[np.float32]:
        """Over the answer's positions, shape (m,)."""
        return np.asarray(self.values.sum(axis=0))
