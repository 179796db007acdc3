"""Whether further labels still change anything, with no more certainty than there is.

A label changes the prompt, the prompt changes the model's answers on the rest of the pool. When
the last labels changed next to none of them, further ones may not either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neufs_tui.statistics.intervals import share_interval

N_LABELS = 3
"""Labels in a row that must have changed next to nothing."""
FEW = 0.02
"""Share of the answers that counts as next to nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one label changed."""

    n_labels: int
    """Labels there were with it."""
    changed: int
    """Answers that are others than without it."""
    compared: int
    """Examples that were read both with it and without."""


@dataclass(frozen=True, slots=True)
class Stable:
    """The last labels changed next to nothing."""

    n_labels: int
    """How many of them in a row."""
    changed: int
    compared: int
    at_most: float
    """Upper end of the interval of the share of answers that one label changes."""


def stable(changes: Sequence[Change]) -> Stable | None:
    """The evidence that further labels change little; None while there is none.

    Args:
        changes: of labels, in any order; only the last `N_LABELS` in a row are looked at.

    Source: the idea of stopping once successive models agree is Bloodgood and Vijay-Shanker, A
    method for stopping active learning based on stabilizing predictions, CoNLL 2009.
    """
    last = sorted(changes, key=lambda change: change.n_labels)[-N_LABELS:]
    numbers = [change.n_labels for change in last]
    if len(last) < N_LABELS or numbers != list(range(numbers[0], numbers[0] + N_LABELS)):
        return None
    if any(share_interval(one.changed, one.compared)[0] > FEW for one in last):
        return None
    changed = sum(change.changed for change in last)
    compared = sum(change.compared for change in last)
    at_most = share_interval(changed, compared)[1]
    return Stable(N_LABELS, changed, compared, at_most) if at_most <= FEW else None
