"""How well a difficulty signal tells right answers from wrong ones, with an honest interval."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

_Z = 1.959964
"""Standard deviations of a 95% interval."""
_HALVINGS = 50


@dataclass(frozen=True, slots=True)
class Auroc:
    """Area under the receiver operating characteristic for *the model is wrong*."""

    value: float
    """Probability that a wrong answer is harder by the signal than a right one; .5 by chance."""
    low: float
    """Lower end of the 95% interval."""
    high: float
    n_wrong: int
    n_right: int


def auroc(wrong: Sequence[float], right: Sequence[float]) -> Auroc | None:
    """Compare a signal's values where the model was wrong with those where it was right.

    The interval is Newcombe's fifth: the areas at which the observed one lies 1.96 standard
    errors away, the error taken from Hanley and McNeil's formula at that area. It neither
    leaves [0, 1] nor shrinks to nothing when few values are told apart without a mistake.

    Args:
        wrong: difficulty of each example that the model answered wrongly.
        right: difficulty of each that it answered rightly.

    Returns:
        None when one side is empty.

    Source: Newcombe, Confidence intervals for an effect size measure based on the Mann–Whitney
    statistic, part 2, Statistics in Medicine 25, 2006, method 5.
    """
    if not wrong or not right:
        return None
    ordered = sorted(right)
    wins = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in wrong) / 2
    value = wins / (len(wrong) * len(right))

    def error(area: float) -> float:
        more = (len(wrong) + len(right)) / 2 - 1
        spread = 1 + more * ((1 - area) / (2 - area) + area / (1 + area))
        return sqrt(max(0.0, area * (1 - area) * spread / (len(wrong) * len(right))))

    low = _limit(0.0, value, lambda area: area + _Z * error(area) < value)
    high = 1 - _limit(0.0, 1 - value, lambda rest: rest + _Z * error(1 - rest) < 1 - value)
    return Auroc(value, low, high, n_wrong=len(wrong), n_right=len(right))


def _limit(low: float, high: float, too_far: Callable[[float], bool]) -> float:
    """Where `too_far` stops being true between two places."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if too_far(middle) else (low, middle)
    return (low + high) / 2
