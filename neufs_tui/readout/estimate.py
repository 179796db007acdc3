"""The label of every text, estimated from a few: what the model answers, moved by what it holds.

Several kernels, each with three strengths, are fitted to the same labels around the same prior, the
model's calibrated answers. Each foretells every label from the others, and counts by how well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import softmax
from neufs_tui.readout.kernel_regression import Fit, Floats, fit, log_softmax
from neufs_tui.readout.similarity import PARTS, Part, Similarities


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of learning from labels."""

    parts: tuple[Part, ...]
    """Their mean is the kernel."""
    strength: float
    """The variance of what labels may add to a logit, in nats²."""

    def kernel(self, similarities: Similarities) -> Floats:
        """Covariance of logits, of the shape of a part's similarities."""
        own = [similarities[PARTS.index(part)] for part in self.parts]
        mean = np.sum(own, axis=0, dtype=np.float64) / len(own)
        return np.asarray(self.strength * mean + _COMMON)


_COMMON = 0.1
"""Variance of what moves a class as a whole: little, for its share is in the prior already, and
labels that were chosen have shares of their own."""

_NEXT_TO_NOTHING = 0.01
"""Share of a setting below which it is left out."""
_KERNELS: tuple[tuple[Part, ...], ...] = (("end",), ("mean",), ("neurons",), PARTS)
SETTINGS = tuple(Setting(parts, strength) for parts in _KERNELS for strength in (1.0, 5.0, 25.0))
ALONE = (Setting(("end", "mean"), 5.0),)
"""Where there is no time to weigh settings against each other."""


@dataclass(frozen=True, slots=True)
class Readout:
    """What k labels teach."""

    settings: tuple[Setting, ...]
    shares: Floats
    """How much each counts, shape (settings,); they sum to 1."""
    weights: Floats
    """Of each labelled text for each class, by setting, shape (settings, k, c)."""
    left_out: Floats
    """Probabilities of each labelled text as if its own label were not known, shape (k, c)."""

    @property
    def part_shares(self) -> Floats:
        """How much each part counts, shape (3,); they sum to 1."""
        shares = np.zeros(len(PARTS))
        for setting, share in zip(self.settings, self.shares, strict=True):
            for part in setting.parts:
                shares[PARTS.index(part)] += share / len(setting.parts)
        return shares

    def probabilities(self, similarities: Similarities, prior: Floats) -> Floats:
        """Of the labels of n texts.

        Args:
            similarities: to the labelled texts, by part, shape (3, n, k).
            prior: log-probabilities of the calibrated answers, shape (n, c).

        Returns:
            Shape (n, c).
        """
        estimate = np.zeros_like(prior)
        # a setting that counts next to nothing is not worth its time
        counting = [at for at in range(len(self.settings)) if self.shares[at] > _NEXT_TO_NOTHING]
        weights = self.weights[counting].astype(np.float32)
        # all settings at once: a part's similarities are many, and classes few
        flat = weights.transpose(1, 0, 2).reshape(weights.shape[1], -1)
        pulls = [(of @ flat).reshape(len(of), *weights.shape[::2]) for of in similarities]
        total = self.shares[counting].sum()
        for place, at in enumerate(counting):
            setting = self.settings[at]
            own = [pulls[PARTS.index(part)][:, place] for part in setting.parts]
            moved = setting.strength * np.mean(own, axis=0, dtype=np.float64)
            moved += _COMMON * self.weights[at].sum(axis=0)
            estimate += self.shares[at] / total * softmax(prior + moved)
        return estimate


def learn(
    similarities: Similarities,
    labels: NDArray[np.intp],
    prior: Floats,
    settings: Sequence[Setting] = SETTINGS,
) -> Readout:
    """Learn from k labels.

    Args:
        similarities: of the labelled texts to one another, by part, shape (3, k, k).
        labels: index of each one's class, shape (k,).
        prior: log-probabilities of their calibrated answers, shape (k, c).
        settings: the ways that are weighed against each other.

    Returns:
        The settings weighted by pseudo-Bayesian model averaging.

    Source: Yao et al., Using stacking to average Bayesian predictive distributions, 2018, for the
    weights, without their bootstrap.
    """
    fits: list[Fit] = []
    for setting in settings:
        # what the setting before came to is nearer to the mode than nothing
        start = fits[-1].weights if fits else None
        fits.append(fit(setting.kernel(similarities), labels, prior, start))
    gains = len(labels) * np.array([one.log_likelihood(labels) for one in fits])
    shares = np.exp(log_softmax(gains))
    return Readout(
        settings=tuple(settings),
        shares=shares,
        weights=np.array([one.weights for one in fits]),
        left_out=np.einsum("s,skc->kc", shares, np.exp([one.left_out for one in fits])),
    )
