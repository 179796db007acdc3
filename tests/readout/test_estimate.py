"""What labels teach, on texts whose classes some parts tell and others do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.readout.estimate import SETTINGS, Setting, learn
from neufs_tui.readout.kernel_regression import Floats
from neufs_tui.readout.similarity import PARTS, Similarities


def telling(seed: int, n: int, part: str, n_classes: int = 2) -> tuple[Similarities, np.ndarray]:
    """Texts that one part keeps apart by class, and the others mix at random."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % n_classes
    found = []
    for name in PARTS:
        states = rng.normal(size=(n, 30))
        if name == part:
            states = np.eye(n_classes)[classes] * 6 + rng.normal(size=(n, n_classes))
            states -= states.mean(axis=0)
        found.append(states @ states.T / (states**2).sum(axis=1).mean())
    return np.array(found, dtype=np.float32), classes


def even(n: int, n_classes: int = 2) -> Floats:
    return np.log(np.full((n, n_classes), 1 / n_classes))


@pytest.mark.parametrize("part", PARTS)
def test_the_part_that_tells_the_classes_counts_most(part: str) -> None:
    similarities, classes = telling(3, 40, part)
    own = similarities[:, :24, :24]
    readout = learn(own, classes[:24], even(24))
    with_it = [part in one.parts for one in readout.settings]
    assert readout.shares[with_it].sum() > 0.9
    estimate = readout.probabilities(similarities[:, 24:, :24], even(16))
    assert (estimate.argmax(axis=1) == classes[24:]).mean() > 0.9


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(2, 4))
@settings(max_examples=25, deadline=None)
def test_estimates_are_shares(seed: int, k: int, n_classes: int) -> None:
    similarities, classes = telling(seed, 20, "mean", n_classes)
    prior = np.log(np.random.default_rng(seed).dirichlet(np.ones(n_classes), 20))
    readout = learn(similarities[:, :k, :k], classes[:k], prior[:k])
    for shares in (readout.probabilities(similarities[:, :, :k], prior), readout.left_out):
        assert shares.min() >= 0
        np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert readout.shares.sum() == pytest.approx(1)


def test_where_nothing_is_alike_the_answers_stay() -> None:
    prior = np.log(np.array([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]]))
    readout = learn(np.ones((3, 1, 1), np.float32), np.array([0]), prior[:1], SETTINGS[:1])
    apart = np.zeros((3, 2, 1), np.float32)
    moved = readout.probabilities(apart, prior[1:])
    # but for the little that all texts share
    np.testing.assert_allclose(moved, np.exp(prior[1:]), atol=0.02)


def test_a_kernel_is_the_mean_of_its_parts() -> None:
    similarities = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    one = Setting(("end", "neurons"), 2.0).kernel(similarities)
    two = [Setting((part,), 2.0).kernel(similarities) for part in ("end", "neurons")]
    np.testing.assert_allclose(one, (two[0] + two[1]) / 2)
