"""The regression against what obvious but slow ways give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from neufs_tui.readout.kernel_regression import Floats, fit, log_softmax


def problem(seed: int, n: int, n_classes: int) -> tuple[Floats, np.ndarray, Floats]:
    """Features, labels that they and the prior tell something of, and the prior."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 5))
    prior = log_softmax(rng.normal(size=(n, n_classes)))
    logits = prior + features @ rng.normal(size=(5, n_classes))
    return features, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1), prior


@given(st.integers(0, 10**6), st.integers(1, 20), st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_it_is_the_mode(seed: int, n: int, n_classes: int) -> None:
    features, labels, prior = problem(seed, n, n_classes)
    kernel = features @ features.T

    def loss(flat: Floats) -> float:
        weights = flat.reshape(5, n_classes)
        likelihood = log_softmax(prior + features @ weights)[np.arange(n), labels].sum()
        return float(0.5 * (weights**2).sum() - likelihood)

    slow = minimize(loss, np.zeros(5 * n_classes), tol=1e-8).x.reshape(5, n_classes)
    moved = kernel @ fit(kernel, labels, prior).weights
    np.testing.assert_allclose(moved, features @ slow, atol=2e-3)


def test_around_an_even_prior_it_is_logistic_regression() -> None:
    features, labels, prior = problem(1, 30, 3)
    found = fit(features @ features.T, labels, np.zeros_like(prior))
    library = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8, max_iter=1000)
    chances = library.fit(features, labels).predict_log_proba(features)
    moved = log_softmax(features @ features.T @ found.weights)
    np.testing.assert_allclose(moved, chances, atol=1e-3)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_each_label_is_foretold_as_without_it(seed: int) -> None:
    features, labels, prior = problem(seed, 16, 3)
    kernel = features @ features.T
    left_out = np.exp(fit(kernel, labels, prior).left_out)
    exact = []
    for one in range(len(labels)):
        others = np.delete(np.arange(len(labels)), one)
        without = fit(kernel[np.ix_(others, others)], labels[others], prior[others])
        exact.append(np.exp(log_softmax(prior[one] + kernel[one, others] @ without.weights)))
    # one step does not go all the way from where the label itself has moved much
    assert np.abs(left_out - exact).mean() < 0.015
    assert np.abs(left_out - exact).max() < 0.3


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=20, deadline=None)
def test_where_it_begins_does_not_matter(seed: int, n: int) -> None:
    features, labels, prior = problem(seed, n, 4)
    kernel = features @ features.T
    start = np.random.default_rng(seed).normal(size=prior.shape) * 0.1
    one, other = (kernel @ fit(kernel, labels, prior, begin).weights for begin in (None, start))
    np.testing.assert_allclose(one, other, atol=5e-3)


def test_a_single_label_moves_what_is_alike_towards_it_and_nothing_else() -> None:
    kernel = np.array([[5.0]])
    weights = fit(kernel, np.array([1]), np.zeros((1, 3))).weights
    near, far = np.array([[4.0]]) @ weights, np.array([[0.0]]) @ weights
    assert near[0].argmax() == 1
    np.testing.assert_array_equal(far, 0)
    assert weights.sum() == pytest.approx(0)
