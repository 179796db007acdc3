"""How hard the examples are for the model, by signals that share one interface.

A signal is a number of each capture, larger where the example is harder. Numbers read with
different demonstrations are not comparable, nor are neuron counts of answers of different
length, so each is taken as standard deviations from the mean of what it can be compared with.
What is reread is compared with what was reread beside it, and placed where these same examples
stood in the scan: they are the best of the order, so a mean of their own would demote them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import Shift
from neufs_tui.core.neurons import Capture, shifted, softmax
from neufs_tui.core.settings import SIGNALS, Signal
from neufs_tui.selection.jaccard import Indices

Numbers = NDArray[np.float64]

BY_LENGTH: frozenset[Signal] = frozenset({"count", "nucleus", "participation"})
"""Signals that a longer answer raises by construction."""
MIN_GROUP = 8
"""Examples read with the same demonstrations below which their numbers say nothing yet."""
_ROUNDING = 1e-9
"""Below which a value has not changed, so that equals stay equal whichever of them is reread."""


@dataclass(frozen=True, slots=True)
class SignalValues:
    """How hard each example is by one signal; arrays have the shape (n,)."""

    signal: Signal
    values: Numbers
    """Comparable across the pool."""
    n_demonstrations: Indices
    """Labels in the prompt with which each was read."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """What each signal says of a pool; arrays have the shape (n,)."""

    numbers: Mapping[Signal, Numbers]
    """As they were read."""
    values: Mapping[Signal, Numbers]
    """Comparable across the pool."""
    reread: Mapping[Signal, NDArray[np.bool_]]
    """Whether an example's number comes from the present demonstrations, not from the scan."""

    def by(self, signal: Signal, n_demonstrations: int = 0) -> SignalValues:
        """One signal alone.

        Args:
            signal: which.
            n_demonstrations: labels in the prompt with which the reread examples were read.
        """
        read_with = np.where(self.reread[signal], n_demonstrations, 0)
        return SignalValues(signal, self.values[signal], read_with)


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
    nothing = np.zeros(len(captures), dtype=bool)
    return Difficulty(numbers, values, dict.fromkeys(SIGNALS, nothing))


def recalibrated(scan: Difficulty, scores: NDArray[np.floating], offsets: Shift) -> Difficulty:
    """The difficulty of a scan whose scores are calibrated: neurons stay, probabilities do not.

    Args:
        scan: by scores as they are.
        scores: these scores, shape (n, n_labels).
        offsets: what is added to them, one a label.
    """
    numbers = _uncertainty(softmax(shifted(scores, offsets)))
    alike = np.zeros(len(scores), dtype=np.int64)
    values = {signal: standardised(of, alike) for signal, of in numbers.items()}
    return replace(scan, numbers={**scan.numbers, **numbers}, values={**scan.values, **values})


def reread_difficulty(
    scan: Difficulty,
    places: Indices,
    captures: Sequence[Capture],
    offsets: Shift | None = None,
) -> Difficulty:
    """Put in what was read with the present demonstrations.

    Each group that can be compared, of `MIN_GROUP` examples or more, keeps the mean and the
    spread of the values that the same examples had in the scan: rereading orders it anew, and
    moves it as a whole nowhere. So numbers that are unchanged, or changed linearly, change
    nothing. A group whose values were equal in the scan keeps them, and one whose numbers are
    equal now has its mean throughout. By a signal that grows with the answer, the groups are
    those of answers that are equally long now, whatever they were in the scan.

    Args:
        scan: what the scan gave.
        places: the examples reread, ascending, shape (m,).
        captures: what was captured of them now.
        offsets: what calibrates their scores, one a label; None leaves them as they are.
    """
    if not captures:
        return scan
    fresh, lengths = _read(captures, offsets)
    numbers: dict[Signal, Numbers] = {}
    values: dict[Signal, Numbers] = {}
    reread: dict[Signal, NDArray[np.bool_]] = {}
    for signal in SIGNALS:
        _, groups, sizes = np.unique(
            _groups(signal, lengths), return_inverse=True, return_counts=True
        )
        enough = sizes[groups] >= MIN_GROUP
        kept, groups = places[enough], groups[enough]
        numbers[signal], values[signal] = scan.numbers[signal].copy(), scan.values[signal].copy()
        reread[signal] = scan.reread[signal].copy()
        numbers[signal][kept] = fresh[signal][enough]
        values[signal][kept] = _placed(fresh[signal][enough], groups, values[signal][kept])
        reread[signal][kept] = True
    return Difficulty(numbers, values, reread)


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
        if own.min() < own.max():
            result[members] = (own - own.mean()) / own.std()
    return result


def _placed(numbers: Numbers, groups: NDArray[np.int64], scanned: Numbers) -> Numbers:
    """Numbers with the mean and the spread of the scan's values of the same group."""
    result = standardised(numbers, groups)
    for group in np.unique(groups):
        members = groups == group
        result[members] = result[members] * scanned[members].std() + scanned[members].mean()
    return np.where(np.abs(result - scanned) < _ROUNDING, scanned, result)


def _entropies(shares: Numbers) -> Numbers:
    """In nats, shape (n,), of label probabilities of shape (n, n_labels)."""
    logs = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    return np.asarray(-(shares * logs).sum(axis=1))


def _groups(signal: Signal, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return lengths if signal in BY_LENGTH else np.zeros_like(lengths)


def _read(
    captures: Sequence[Capture], offsets: Shift | None = None
) -> tuple[dict[Signal, Numbers], NDArray[np.int64]]:
    """Each signal's numbers, and the lengths of the answers."""
    shares = softmax(shifted(np.array([capture.scores for capture in captures]), offsets))
    numbers: dict[Signal, Numbers] = {
        "count": np.array([capture.neuron_count for capture in captures], dtype=np.float64),
        "nucleus": np.array([capture.nucleus for capture in captures], dtype=np.float64),
        "participation": np.array([one.participation for one in captures], dtype=np.float64),
        **_uncertainty(shares),
    }
    lengths = np.array([capture.n_answer_tokens for capture in captures], dtype=np.int64)
    return numbers, lengths


def _uncertainty(shares: Numbers) -> dict[Signal, Numbers]:
    """The signals that label probabilities of shape (n, n_labels) give, each (n,)."""
    best = np.sort(shares, axis=1)[:, -2:]
    return {"entropy": _entropies(shares), "margin": 1 - (best[:, -1] - best[:, 0])}
