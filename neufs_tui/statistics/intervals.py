"""How far a share that was seen may be from the true one."""

from __future__ import annotations

from math import sqrt

_Z = 1.959964
"""Standard deviations of a 95% interval."""


def share_interval(part: float, whole: int) -> tuple[float, float]:
    """The 95% interval of a share that was seen `part` times in `whole`, a mean of such perhaps.

    Source: Wilson, Probable inference, Journal of the American Statistical Association 22, 1927.
    """
    if not whole:
        return 0.0, 1.0
    share, z2 = part / whole, _Z * _Z
    middle = share + z2 / (2 * whole)
    spread = _Z * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    scale = 1 + z2 / whole
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
