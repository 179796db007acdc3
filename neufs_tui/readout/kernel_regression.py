"""Multinomial kernel logistic regression whose prior mean is given: what labels add to it.

The logits are a Gaussian process around a prior mean, such as the model's own answers, with one
kernel for all classes; labels move them as far as the kernel says that texts are alike. Libraries
fit it with a mean of zero only. The mode is found by Newton's method in O(c n³).

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

Floats = NDArray[np.float64]

_CLOSE = 1e-5
"""Change of the objective, in nats, at which the mode is found."""
_MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class Fit:
    """The mode, and how well each label is foretold by the others."""

    weights: Floats
    """Of each labelled text for each class, shape (n, c): logits of another text are its prior
    mean plus its kernel row to these texts times this."""
    left_out: Floats
    """Log-probabilities of each labelled text as if its own label were not known, shape (n, c)."""

    def log_likelihood(self, labels: NDArray[np.intp]) -> float:
        """Of the labels, each foretold by the others; the mean in nats."""
        return float(self.left_out[np.arange(len(labels)), labels].mean())


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities along the last axis, of the same shape."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def fit(
    kernel: Floats, labels: NDArray[np.intp], prior: Floats, start: Floats | None = None
) -> Fit:
    """Fit labels.

    Args:
        kernel: covariance of the logits of n labelled texts, positive semidefinite, shape (n, n).
        labels: index of each one's class, shape (n,).
        prior: mean of the logits, shape (n, c).
        start: weights near to the mode; None begins with none.
    """
    given = np.eye(prior.shape[1])[labels]
    weights = np.zeros_like(prior) if start is None else start
    best = _objective(kernel, weights, given, prior)
    for _ in range(_MOST_STEPS):
        chances = np.exp(log_softmax(prior + kernel @ weights))
        step = _newton(kernel, chances, given, weights) - weights
        scale = 1.0
        while (now := _objective(kernel, weights + scale * step, given, prior)) < best:
            scale /= 2
            if scale < 1e-3:
                return Fit(weights, _left_out(kernel, weights, given, prior))
        weights, gained, best = weights + scale * step, now - best, now
        if gained < _CLOSE:
            break
    return Fit(weights, _left_out(kernel, weights, given, prior))


def _objective(kernel: Floats, weights: Floats, given: Floats, prior: Floats) -> float:
    """Log-posterior of the logits, up to a constant."""
    moved = kernel @ weights
    likelihood = (log_softmax(prior + moved) * given).sum()
    return float(likelihood - 0.5 * (weights * moved).sum())


def _curvature(kernel: Floats, chances: Floats) -> tuple[Floats, tuple[Floats, bool]]:
    """E_c = D_c^½ (I + D_c^½ K D_c^½)⁻¹ D_c^½ of each class, shape (c, n, n), and the factor of
    their sum."""
    roots = np.sqrt(chances.T)  # (c, n)
    inner = roots[:, :, None] * kernel * roots[:, None, :]
    inner += np.eye(len(kernel))
    each = roots[:, :, None] * np.linalg.inv(inner) * roots[:, None, :]
    return each, cho_factor(each.sum(axis=0) + 1e-12 * np.eye(len(kernel)), lower=True)


def _newton(kernel: Floats, chances: Floats, given: Floats, weights: Floats) -> Floats:
    """The weights after a full Newton step, shape (n, c)."""
    each, total = _curvature(kernel, chances)
    moved = kernel @ weights
    curved = chances * moved
    curved -= chances * curved.sum(axis=1, keepdims=True)
    target = (curved + given - chances).T[:, :, None]  # (c, n, 1)
    pulled = each @ (kernel @ target)
    shared = cho_solve(total, pulled.sum(axis=0))
    return np.asarray((target - pulled + each @ shared)[:, :, 0].T)


def _left_out(kernel: Floats, weights: Floats, given: Floats, prior: Floats) -> Floats:
    """One Newton step from the mode towards where it would be without each label in turn.

    Source: Rad and Maleki, A scalable estimate of the out-of-sample prediction error, 2020.
    """
    logits = prior + kernel @ weights
    chances = np.exp(log_softmax(logits))
    each, (factor, _) = _curvature(kernel, chances)
    pulled = each @ kernel  # (c, n, n)
    shared = solve_triangular(factor, np.concatenate(list(pulled), axis=1), lower=True)
    shared = shared.reshape(len(kernel), *prior.T.shape)  # (n, c, n)
    own = np.diag(kernel) - np.einsum("ij,cji->ci", kernel, pulled)  # (c, n)
    covariance = np.einsum("jci,jdi->icd", shared, shared)
    covariance[:, np.arange(len(own)), np.arange(len(own))] += own.T
    identity = np.eye(prior.shape[1])
    curvature = chances[:, :, None] * (identity - chances[:, None, :])
    error = (chances - given)[:, :, None]
    moved = np.linalg.solve(identity - covariance @ curvature, covariance @ error)[:, :, 0]
    return log_softmax(logits + moved)
