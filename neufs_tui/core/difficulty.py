"""How hard the examples are for the model, by signals that share one interface.

A signal is a number of each capture, larger where the example is harder. Numbers read with
different demonstrations are not comparable, nor are neuron counts of answers of different
length, so each is taken as standard deviations from the mean of what it can be compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.jaccard import Indices
from neufs_tui.core.neurons import Capture
from neufs_tui.core.settings import SIGNALS, Signal

Numbers = NDArray[np.float64]

BY_LENGTH: frozenset[Signal] = frozenset({"count", "nucleus", "participation"})
"""Signals that a longer answer raises by construction."""
MIN_GROUP = 8
"""Examples read with the same demonstrations below which their numbers say nothing yet."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """What each signal says of a pool; arrays have the shape (n,)."""

    numbers: Mapping[Signal, Numbers]
    """As they were read."""
    values: Mapping[Signal, Numbers]
    """Comparable across the pool."""
    lengths: NDArray[np.int64]
    """Tokens of the predicted label."""
    reread: NDArray[np.bool_]
    """Whether an example's numbers come from the present demonstrations, not from the scan."""

    def percentile(self, place: int, signal: Signal) -> float | None:
        """Percent of comparable examples that are less hard, or None if all are equally so."""
        comparable = self.reread == self.reread[place]
        if signal in BY_LENGTH:
            comparable &= self.lengths == self.lengths[place]
        numbers, own = self.numbers[signal][comparable], self.numbers[signal][place]
        if (numbers == own).all():
            return None
        return 100.0 * int((numbers < own).sum()) / (len(numbers) - 1)


def scan_difficulty(captures: Sequence[Capture], *, raw_counts: bool = False) -> Difficulty:
    """The difficulty that a scan without demonstrations gives.

    Args:
        captures: of the pool, in its order.
        raw_counts: compare neuron counts across lengths, as the reference does.
    """
    numbers, lengths = _read(captures)
    values = {signal: standardised(numbers[signal], _groups(signal, lengths)) for signal in SIGNALS}
    if raw_counts:
        values["count"] = numbers["count"]
    return Difficulty(numbers, values, lengths, np.zeros(len(captures), dtype=bool))


def reread_difficulty(scan: Difficulty, places: Indices, captures: Sequence[Capture]) -> Difficulty:
    """Put in what was read with the present demonstrations, standardised among itself.

    Args:
        scan: what the scan gave.
        places: the examples reread, ascending, shape (m,).
        captures: what was captured of them now.
    """
    if not captures:
        return scan
    fresh, lengths = _read(captures)
    _, group, sizes = np.unique(lengths, return_inverse=True, return_counts=True)
    enough = sizes[group] >= MIN_GROUP
    kept = places[enough]
    numbers: dict[Signal, Numbers] = {}
    values: dict[Signal, Numbers] = {}
    for signal in SIGNALS:
        numbers[signal], values[signal] = scan.numbers[signal].copy(), scan.values[signal].copy()
        numbers[signal][kept] = fresh[signal][enough]
        groups = _groups(signal, lengths[enough])
        values[signal][kept] = standardised(fresh[signal][enough], groups)
    merged, reread = scan.lengths.copy(), scan.reread.copy()
    merged[kept], reread[kept] = lengths[enough], True
    return Difficulty(numbers, values, merged, reread)


def standardised(numbers: Numbers, groups: NDArray[np.int64]) -> Numbers:
    """Numbers made comparable across groups.

    The map is linear inside a group, so with one group the paper's scores are unchanged.

    Args:
        numbers: shape (n,).
        groups: which group each belongs to, shape (n,).

    Returns:
        Standard deviations from the mean of the group, shape (n,); 0 throughout a group whose
        numbers are all equal.
    """
    result = np.zeros(len(numbers))
    for group in np.unique(groups):
        members = groups == group
        own = numbers[members]
        spread = own.std()
        if spread > 0:
            result[members] = (own - own.mean()) / spread
    return result


def entropies(captures: Sequence[Capture]) -> Numbers:
    """Entropy of each example's label probabilities, in nats, shape (n,)."""
    shares = _shares(captures)
    logs = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    return np.asarray(-(shares * logs).sum(axis=1))


def _shares(captures: Sequence[Capture]) -> Numbers:
    """Label probabilities, shape (n, n_labels)."""
    scores = np.array([capture.scores for capture in captures], dtype=np.float64)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _groups(signal: Signal, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return lengths if signal in BY_LENGTH else np.zeros_like(lengths)


def _read(captures: Sequence[Capture]) -> tuple[dict[Signal, Numbers], NDArray[np.int64]]:
    """Each signal's numbers, and the lengths of the answers."""
    best = np.sort(_shares(captures), axis=1)[:, -2:]
    numbers: dict[Signal, Numbers] = {
        "count": np.array([capture.neuron_count for capture in captures], dtype=np.float64),
        "nucleus": np.array([capture.nucleus for capture in captures], dtype=np.float64),
        "participation": np.array([one.participation for one in captures], dtype=np.float64),
        "entropy": entropies(captures),
        "margin": 1 - (best[:, -1] - best[:, 0]),
    }
    lengths = np.array([capture.n_answer_tokens for capture in captures], dtype=np.int64)
    return numbers, lengths
