"""Several figures compared with one, on the same texts, with intervals that hold together."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from neufs_tui.statistics.classification import Estimate

_LEVEL = 0.95
_NOTHING = 1e-12
"""Share of a figure below which it differs from 0 by rounding alone."""


def simultaneous(gains: NDArray[np.float64], blocks: NDArray[np.intp]) -> list[Estimate]:
    """Mean differences, with intervals that all hold the true ones in 95% of cases.

    Texts of a block were answered alike (behind the same demonstrations), so what they have in
    common is no evidence for each of them: blocks vary, not texts. Every way in which the blocks'
    deviations may change their signs is gone through, and the largest |difference / error| over
    all columns noted; an interval is as many errors wide as 95% of these need. Nothing is drawn.

    Args:
        gains: how much better each text is answered, in any unit, shape (n_texts, n_compared).
        blocks: the block of each text, counted from 0, two or more and none empty, shape
            (n_texts,). Time and memory double with each: 8 are well enough.

    Returns:
        One a column. A column without any variation has an interval without width.

    Source: the wild cluster bootstrap of t with Rademacher weights, Cameron, Gelbach and Miller,
    Bootstrap-based improvements for inference with clustered errors, 2008; the maximum over what
    is compared, Romano and Wolf, Stepwise multiple testing as formalized data snooping, 2005.
    """
    n_texts = len(gains)
    sizes = np.bincount(blocks).astype(np.float64)
    member = (blocks == np.arange(len(sizes))[:, None]).astype(np.float64)
    means = gains.mean(axis=0)
    # of each block, the sum of its texts' deviations from the mean
    off = member @ gains - sizes[:, None] * means
    errors = _errors(off, n_texts)
    varies = errors > _NOTHING * np.abs(gains).max(initial=0.0)
    off = off[:, varies]
    # all signs turned are the same case, so the first block keeps its own
    signs = np.array([(1, *rest) for rest in product((1, -1), repeat=len(sizes) - 1)])
    moved = signs @ off / n_texts
    again = signs[:, :, None] * off - sizes[:, None] * moved[:, None, :]
    ratios = np.abs(moved) / np.maximum(_errors(again, n_texts), _NOTHING * errors[varies])
    most = np.quantile(ratios.max(axis=1, initial=0.0), _LEVEL, method="higher")
    widths = np.where(varies, most * errors, 0.0)
    return [
        Estimate(float(mean), float(mean - width), float(mean + width))
        for mean, width in zip(means, widths, strict=True)
    ]


def _errors(off: NDArray[np.float64], n_texts: int) -> NDArray[np.float64]:
    """Standard errors of means by blocks' deviations, shape (..., n_blocks, n_compared)."""
    n_blocks = off.shape[-2]
    return np.asarray(np.sqrt(n_blocks / (n_blocks - 1) * (off**2).sum(axis=-2)) / n_texts)
