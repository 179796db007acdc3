"""Examples that say again what a labelled one has said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import Capture
from neufs_tui.selection.jaccard import Indices

_ALIKE = 0.8
"""Cosine of two texts' mean hidden states, standardised over the pool, from which on one repeats
the other. Of 45,000 pairs of tweets, the two that were the same but for a link or a tag had .99,
all others .74 at most."""


class Repeats:
    """Which examples of a pool are nearly the same as others; rows are kept once they are known."""

    def __init__(self, captures: Sequence[Capture]) -> None:
        """Bind n examples; without hidden states, nothing repeats anything."""
        states = [capture.hidden[1:].astype(np.float32) for capture in captures]
        known = np.concatenate(states) if states else np.empty((0, 0), dtype=np.float32)
        self._n = len(captures)
        self._directions: NDArray[np.float32] | None = None
        if len(known) == self._n > 1:
            spread = np.maximum(known.std(axis=0), np.float32(1e-6))
            standardised = (known - known.mean(axis=0)) / spread
            lengths = np.linalg.norm(standardised, axis=1, keepdims=True)
            self._directions = standardised / np.maximum(lengths, np.float32(1e-6))
        self._rows: dict[int, Indices] = {}
        """Place → places of what repeats it: of most examples nothing but themselves."""

    def of(self, places: Iterable[int]) -> NDArray[np.bool_]:
        """Whether each example repeats one of some, these among them, shape (n,)."""
        found = np.zeros(self._n, dtype=bool)
        if self._directions is not None:
            for place in places:
                if place not in self._rows:
                    alike = self._directions @ self._directions[place] >= _ALIKE
                    self._rows[place] = np.flatnonzero(alike)
                found[self._rows[place]] = True
        return found
