"""How alike texts are in what the model holds of them: by hidden states, and by neurons.

Hidden states are standardised over the pool. Neurons count by rarity: those that the pool
switches on everywhere say nothing, as words do that stand in every document.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.selection.jaccard import Bits, NeuronSets

Part = Literal["end", "mean", "neurons"]
"""The last position of the prompt, the mean over the text, the neurons behind the answer."""
PARTS: tuple[Part, ...] = get_args(Part)

Similarities = NDArray[np.float32]
"""By part, of n texts to k others, shape (3, n, k)."""

_PLANES = 4
"""Bits of a neuron's weight."""
_AT_ONCE = 1 << 16
"""Words weighed at a time, so that they stay in the processor's cache."""


class HeldTexts:
    """Texts as one pool makes them comparable."""

    def __init__(self, space: Space, hidden: NDArray[np.float32], bits: Bits) -> None:
        """Bind what is held; made by a `Space`.

        Args:
            space: of the pool.
            hidden: standardised, shape (2, n, 256).
            bits: neuron sets, in the pool's columns, shape (n, words).
        """
        self._space = space
        self.hidden = hidden
        self.bits = bits

    def __len__(self) -> int:
        """Number of texts, n."""
        return len(self.bits)

    def __getitem__(self, places: Sequence[int]) -> HeldTexts:
        """Some of them."""
        at = np.array(places, dtype=np.intp)
        return HeldTexts(self._space, self.hidden[:, at], self.bits[at])

    def similarities(self, others: HeldTexts) -> Similarities:
        """To some others, of which there are few; about 1 of a text to itself."""
        by_state = self.hidden @ others.hidden.transpose(0, 2, 1)  # (2, n, k)
        cosines = np.empty(by_state.shape[1:], dtype=np.float32)
        for column, (one, size) in enumerate(zip(others.bits, others._sizes, strict=True)):
            shared = self._space.weigh(self.bits, one)
            cosines[:, column] = shared / np.sqrt(np.maximum(self._sizes * size, 1))
        return np.concatenate([by_state, cosines[None]])

    def vectors(self, part_shares: NDArray[np.float64]) -> Any:
        """A vector of each text: their cosines are those by each part, weighted.

        Args:
            part_shares: how much each part counts, shape (3,).

        Returns:
            A sparse matrix of SciPy, shape (n, 512 + columns).
        """
        from scipy import sparse

        end, mean, neurons = np.sqrt(part_shares)
        lengths = np.maximum(np.linalg.norm(self.hidden, axis=2, keepdims=True), 1e-9)
        states = np.array([end, mean])[:, None, None] * self.hidden / lengths
        # uint64 words hold their bits from the lowest on
        columns = np.unpackbits(self.bits.view(np.uint8), axis=1, bitorder="little")
        weights = np.sqrt(self._space.levels, dtype=np.float32)
        by_rarity = sparse.csr_matrix(columns[:, : len(weights)]).multiply(weights)
        sizes = np.sqrt(np.maximum(self._sizes, 1))[:, None]
        return sparse.hstack([*states, by_rarity.multiply(neurons / sizes)], format="csr")

    @cached_property
    def _sizes(self) -> NDArray[np.float64]:
        return self._space.weigh(self.bits).astype(np.float64)


class Space:
    """What makes texts comparable: the spread of a pool's hidden states, its neurons' rarity."""

    def __init__(
        self,
        centre: NDArray[np.float32],
        scale: NDArray[np.float32],
        columns: NeuronSets,
        levels: NDArray[np.uint8],
    ) -> None:
        """Bind what a pool says.

        Args:
            centre: of its hidden states, shape (2, 1, 256).
            scale: what is divided by, same shape.
            columns: in which neurons occur in it.
            levels: the weight of each of these, in steps, shape (columns,).
        """
        self.centre = centre
        self.scale = scale
        self.columns = columns
        self.levels = levels
        n_unused = 64 * columns.bits.shape[1] - len(levels)
        whole = np.pad(levels, (0, n_unused))
        self._planes = [
            np.packbits(whole >> plane & 1, bitorder="little").view(np.uint64)
            for plane in range(_PLANES)
        ]

    def hold(self, captures: Sequence[Capture]) -> HeldTexts:
        """Some texts; of their neurons, those that occur in the pool."""
        bits = self.columns.pack([capture.neurons for capture in captures])
        return HeldTexts(self, self._standardised(_states(captures)), bits)

    def weigh(self, bits: Bits, within: Bits | None = None) -> NDArray[np.int64]:
        """The sum of the weights of each set's neurons: log² of rarity, in steps.

        Args:
            bits: n sets.
            within: a set that they are cut to, shape (words,); None for all of them.

        Returns:
            Shape (n,).
        """
        masks = [plane if within is None else plane & within for plane in self._planes]
        total = np.zeros(len(bits), dtype=np.int64)
        step = max(1, _AT_ONCE // bits.shape[1])
        for start in range(0, len(bits), step):
            some = slice(start, start + step)
            for plane, mask in enumerate(masks):
                counts = np.bitwise_count(bits[some] & mask)
                total[some] += counts.sum(axis=1, dtype=np.int64) << plane
        return total

    def _standardised(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((states - self.centre) / self.scale)


class PoolSpace(Space):
    """The space of a pool, with its texts."""

    def __init__(self, captures: Sequence[Capture], sets: NeuronSets) -> None:
        """Learn it.

        Args:
            captures: of n texts, with hidden states.
            sets: their neuron sets, packed.
        """
        states = _states(captures)
        centre = states.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        # of a dimension that never changes, nothing is left to compare
        spread = np.maximum(states.std(axis=1, keepdims=True, dtype=np.float64), 1e-6)
        scale = (spread * np.sqrt(HIDDEN_DIMENSIONS)).astype(np.float32)
        counts = sets.column_counts()[: len(sets.occurring)]
        rarity = np.log((len(sets) + 1) / np.maximum(counts, 1)) ** 2
        highest = max(rarity.max(initial=0), 1e-9)
        levels = np.rint(rarity / highest * (2**_PLANES - 1)).astype(np.uint8)
        super().__init__(centre, scale, sets, levels)
        self.texts = HeldTexts(self, self._standardised(states), sets.bits)
        """The pool's own, in its order."""


def _states(captures: Sequence[Capture]) -> NDArray[np.float32]:
    """Hidden states of some texts, shape (2, n, 256)."""
    states = np.array([capture.hidden for capture in captures], dtype=np.float32)
    return np.ascontiguousarray(states.reshape(-1, 2, HIDDEN_DIMENSIONS).transpose(1, 0, 2))
