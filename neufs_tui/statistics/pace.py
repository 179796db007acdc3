"""How fast labels are given, breaks aside."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

IDLE_AFTER_S = 60.0
"""Seconds on one text beyond which she is taken to do something else."""
_FEWEST, _NEWEST = 5, 20
"""Labels from which on there is a pace, and those that it is of."""


def pace(seconds: Iterable[float | None]) -> float | None:
    """Seconds that a label takes by now; None while too few tell.

    Args:
        seconds: from a text's paint to the key, of each label in labelling order; None where that
            is not known.

    Returns:
        The median of the newest, each counted up to `IDLE_AFTER_S`.
    """
    known = [min(one, IDLE_AFTER_S) for one in seconds if one is not None][-_NEWEST:]
    return median(known) if len(known) >= _FEWEST else None
