"""How hard the examples are, by numbers that were read with different prompts.

A neuron count says something only beside counts read with the same demonstrations for answers
of the same length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.jaccard import Indices
from neufs_tui.core.neurons import count_percentile, standardised_counts

MIN_GROUP = 8
"""Examples read with the same demonstrations below which their counts say nothing yet."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Neuron counts of a pool, and what they mean; arrays have the shape (n,)."""

    counts: NDArray[np.int64]
    """Q(x), distinct neurons kept."""
    lengths: NDArray[np.int64]
    """Tokens of the predicted label."""
    reread: NDArray[np.bool_]
    """Whether an example's numbers come from the present demonstrations, not from the scan."""
    values: NDArray[np.float64]
    """Comparable across the pool, larger is harder."""

    def percentile(self, place: int) -> float | None:
        """Percent of comparable examples whose count is smaller, or None if all are equal."""
        group = np.flatnonzero(self.reread == self.reread[place])
        own = int(np.searchsorted(group, place))
        return count_percentile(own, self.counts[group], self.lengths[group])


def scan_difficulty(
    counts: NDArray[np.int64], lengths: NDArray[np.int64], *, raw: bool
) -> Difficulty:
    """The difficulty that a scan without demonstrations gives.

    Args:
        counts: Q(x), shape (n,).
        lengths: tokens of each predicted label, shape (n,).
        raw: compare counts across lengths, as the reference does.
    """
    values = counts.astype(np.float64) if raw else standardised_counts(counts, lengths)
    return Difficulty(counts, lengths, np.zeros(len(counts), dtype=bool), values)


def reread_difficulty(
    scan: Difficulty, places: Indices, counts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Difficulty:
    """Put in what was read with the present demonstrations, standardised among itself.

    Args:
        scan: what the scan gave.
        places: the examples reread, ascending, shape (m,).
        counts: their Q(x | demonstrations), shape (m,).
        lengths: tokens of their predicted labels now, shape (m,).
    """
    standardised = standardised_counts(counts, lengths)
    _, group, sizes = np.unique(lengths, return_inverse=True, return_counts=True)
    kept = sizes[group] >= MIN_GROUP
    fresh = {name: getattr(scan, name).copy() for name in ("counts", "lengths", "reread", "values")}
    for name, new in (("counts", counts), ("lengths", lengths), ("values", standardised)):
        fresh[name][places[kept]] = new[kept]
    fresh["reread"][places[kept]] = True
    return replace(scan, **fresh)
