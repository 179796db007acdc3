"""Jaccard distances between neuron sets, packed into bits over the neurons that occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
"""Places in a `NeuronSets`, counted from 0."""
Bits = NDArray[np.uint64]

_CHUNK_WORDS = 1 << 23
"""Words held by one intermediate array: 64 MiB."""


class NeuronSets:
    """The neuron sets of n examples, ready for distances.

    In real pools a small share of all neurons ever occurs (about 1,000 of 46,080 in a 135M
    model), so one bit per occurring neuron is small, and a distance row is one pass of AND
    and popcount.
    """

    def __init__(self, sets: Sequence[NDArray[np.uint32]]) -> None:
        """Pack the sets.

        Args:
            sets: flat neuron ids of each example, without repeats; any order.
        """
        top = max((int(ids.max()) for ids in sets if len(ids)), default=-1)
        occurs = np.zeros(top + 1, dtype=bool)
        for ids in sets:
            occurs[ids] = True
        self.occurring = np.flatnonzero(occurs).astype(np.uint32)
        """Ids of the neurons that occur, ascending: what each column stands for."""
        self.sizes: NDArray[np.int64] = np.array([len(ids) for ids in sets], dtype=np.int64)
        self.bits: Bits = self.pack(sets)

    def __len__(self) -> int:
        """Number of examples, n."""
        return len(self.sizes)

    def pack(self, sets: Sequence[NDArray[np.uint32]]) -> Bits:
        """Other sets in the same columns, without the neurons that occur in none of these."""
        n_columns = len(self.occurring)
        n_words = max(1, -(-n_columns // 64))
        top = int(self.occurring[-1]) if n_columns else -1
        column_of = np.full(top + 2, n_words * 64, dtype=np.intp)
        column_of[self.occurring] = np.arange(n_columns)
        bits = np.zeros((len(sets), n_words), dtype=np.uint64)
        row = np.zeros(n_words * 64 + 1, dtype=bool)  # the last holds what has no column
        for place, ids in enumerate(sets):
            row[:] = False
            row[column_of[np.minimum(ids, top + 1)]] = True
            bits[place] = np.packbits(row[:-1], bitorder="little").view(np.uint64)
        return bits

    def column_counts(self) -> NDArray[np.int64]:
        """In how many sets each neuron occurs, shape (64 · n_words,); 0 where there is none."""
        counts = np.zeros(self.bits.shape[1] * 64, dtype=np.int64)
        step = max(1, _CHUNK_WORDS // len(counts))
        for start in range(0, len(self), step):
            chunk = np.arange(start, min(start + step, len(self)))
            counts += self._columns(chunk).sum(axis=0).astype(np.int64)
        return counts

    def distances_to(self, place: int) -> NDArray[np.float64]:
        """Jaccard distance of every example to one of them, in [0, 1], shape (n,)."""
        row: NDArray[np.float64] = self.distances(np.array([place]), None)[0]
        return row

    def distances(self, rows: Indices, columns: Indices | None) -> NDArray[np.float64]:
        """Jaccard distances between two lists of examples.

        Args:
            rows: places of r examples.
            columns: places of c examples, or None for all.

        Returns:
            1 − |A ∩ B| / |A ∪ B|, shape (r, c); two empty sets are at distance 0.
        """
        bits = self.bits if columns is None else self.bits[columns]
        sizes = self.sizes if columns is None else self.sizes[columns]
        out = np.empty((len(rows), len(sizes)))
        step = max(1, _CHUNK_WORDS // max(1, bits.size))
        for start in range(0, len(rows), step):
            chunk = rows[start : start + step]
            both = self.bits[chunk][:, None, :] & bits[None, :, :]  # (chunk, c, words)
            shared = np.bitwise_count(both).sum(axis=2, dtype=np.int64)  # (chunk, c)
            union = self.sizes[chunk][:, None] + sizes[None, :] - shared
            out[start : start + step] = 1 - np.where(union > 0, shared / np.maximum(union, 1), 1)
        return out

    def distance_sums(self, rows: Indices, columns: Indices) -> NDArray[np.float64]:
        """Sum of the distances of each of r examples to c others, shape (r,)."""
        step = max(1, _CHUNK_WORDS // max(1, len(columns) * self.bits.shape[1]))
        chunks = (rows[start : start + step] for start in range(0, len(rows), step))
        return np.concatenate([self.distances(chunk, columns).sum(axis=1) for chunk in chunks])

    def mean_similarity_estimates(self, members: Indices) -> NDArray[np.float64]:
        """How similar each member of a cluster is to the others, nearly, in linear time.

        The sum of a member's column sums is the sum of its intersections with all members; the
        mean intersection over the mean union stands for the mean of the ratios, which it equals
        where all sets and intersections are of one size.

        Args:
            members: places of m examples.

        Returns:
            Estimates in [0, 1], shape (m,).
        """
        n_columns = self.bits.shape[1] * 64
        step = max(1, _CHUNK_WORDS // n_columns)
        chunks = [members[start : start + step] for start in range(0, len(members), step)]
        column_sums = sum(self._columns(chunk).sum(axis=0, dtype=np.float32) for chunk in chunks)
        shared = np.concatenate([self._columns(chunk) @ column_sums for chunk in chunks])
        shared = shared.astype(np.float64) / len(members)
        sizes = self.sizes[members]
        union = sizes + sizes.mean() - shared
        estimates: NDArray[np.float64] = np.where(union > 0, shared / np.maximum(union, 1e-12), 1)
        return estimates

    def _columns(self, places: Indices) -> NDArray[np.float32]:
        """The sets of some examples as 0 and 1, shape (len(places), 64 · n_words)."""
        packed = self.bits[places].view(np.uint8)
        return np.unpackbits(packed, axis=1, bitorder="little").astype(np.float32)

    def n_outside(self, places: Sequence[int]) -> NDArray[np.int64]:
        """How many neurons of each set are in none of some sets, shape (n,)."""
        covered = np.bitwise_or.reduce(self.bits[np.array(places, dtype=np.intp)], axis=0)
        n_outside = np.empty(len(self), dtype=np.int64)
        step = max(1, _CHUNK_WORDS // self.bits.shape[1])
        for start in range(0, len(self), step):
            open_bits = self.bits[start : start + step] & ~covered
            n_outside[start : start + step] = np.bitwise_count(open_bits).sum(axis=1)
        return n_outside

    def gains(self, places: Sequence[int]) -> list[int]:
        """How many neurons each of some sets adds to the union of those before it."""
        rows = self.bits[np.array(places, dtype=np.intp)]
        covered = np.zeros_like(rows)
        np.bitwise_or.accumulate(rows[:-1], axis=0, out=covered[1:])
        gained: list[int] = np.bitwise_count(rows & ~covered).sum(axis=1, dtype=np.int64).tolist()
        return gained
