"""Calibrated answers: the labels' scores, moved so that a sample is answered as a prior expects.

A model prefers some labels whatever the text says. An offset a label takes that out, as far as
the prior is right: the mean probability over a random sample then equals the prior.

Source: batch calibration, Zhou et al. 2023 (arXiv 2309.17249), which subtracts each label's mean
log-probability; that is one step of the fixed point that is found here, towards a uniform prior.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import softmax

_CLOSE = 1e-6
"""How far a mean probability may be from the prior."""
_MOST_STEPS = 10_000


def offsets(scores: NDArray[np.floating], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is added to the scores so that the mean probability over a sample is the prior.

    Args:
        scores: of a sample, such as mean log-probabilities, shape (n, n_labels).
        prior: the labels' shares, all above 0, shape (n_labels,).

    Returns:
        Shape (n_labels,), with mean 0.
    """
    found = np.zeros(len(prior))
    for _ in range(_MOST_STEPS):
        mean = calibrated(scores, found).mean(axis=0)
        if np.abs(mean - prior).max() < _CLOSE:
            break
        # a label that a sharp model never gives still has a positive mean
        found += np.log(prior) - np.log(np.maximum(mean, np.finfo(np.float64).tiny))
    return np.asarray(found - found.mean())


def calibrated(scores: NDArray[np.floating], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of scores with offsets, of the scores' shape."""
    return softmax(scores.astype(np.float64) + offsets)


def class_prior(given: Iterable[str], names: Sequence[str]) -> NDArray[np.float64]:
    """The labels' shares by labels given, as if each had been given once more.

    Args:
        given: labels of some texts; others than the task's do not count.
        names: the task's labels.

    Returns:
        Shape (n_labels,); uniform where nothing was given.
    """
    counts = dict.fromkeys(names, 1)
    for name in given:
        if name in counts:
            counts[name] += 1
    shares = np.array([*counts.values()], dtype=np.float64)
    return np.asarray(shares / shares.sum())
