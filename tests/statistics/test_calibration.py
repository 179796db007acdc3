"""Offsets that make a sample be answered as a prior expects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neufs_tui.statistics.calibration import calibrated, class_prior, offsets


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Scores of some texts, and a prior."""
    n_labels = draw(st.integers(2, 6))
    n = draw(st.integers(1, 40))
    scores = draw(arrays(np.float32, (n, n_labels), elements=st.floats(-12, 0, width=32)))
    weights = draw(arrays(np.float64, n_labels, elements=st.floats(0.05, 1)))
    return scores, weights / weights.sum()


@given(samples())
def test_the_mean_over_the_sample_is_the_prior(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, prior = drawn
    found = offsets(scores, prior)
    assert calibrated(scores, found).mean(axis=0) == pytest.approx(prior, abs=1e-5)
    assert found.mean() == pytest.approx(0, abs=1e-9)


@given(samples(), st.data())
def test_a_bias_that_is_the_same_everywhere_is_taken_out(
    drawn: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    scores, prior = drawn
    bias = data.draw(arrays(np.float64, len(prior), elements=st.floats(-3, 3)))
    plain, biased = scores.astype(np.float64), scores + bias
    assert calibrated(biased, offsets(biased, prior)) == pytest.approx(
        calibrated(plain, offsets(plain, prior)), abs=1e-3
    )


def test_what_is_as_expected_already_is_left_alone() -> None:
    scores = np.log([[0.9, 0.1], [0.3, 0.7]])
    assert offsets(scores, np.array([0.6, 0.4])) == pytest.approx([0, 0], abs=1e-5)


def test_it_is_exact_where_subtracting_means_is_not() -> None:
    """A sharp model that is right: nine texts of one class, one of the other."""
    scores = np.log(np.array([[0.99, 0.01]] * 9 + [[0.01, 0.99]]))
    prior = np.array([0.9, 0.1])
    assert (calibrated(scores, offsets(scores, prior)).argmax(axis=1) == [0] * 9 + [1]).all()
    crude = scores - scores.mean(axis=0) + np.log(prior)
    assert abs(calibrated(crude, np.zeros(2)).mean(axis=0)[0] - 0.9) > 0.03


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([], [1 / 3, 1 / 3, 1 / 3]),
        (["a"], [0.5, 0.25, 0.25]),
        (["a", "a", "b", "gone"], [0.5, 1 / 3, 1 / 6]),
    ],
)
def test_a_prior_is_what_was_given_and_each_label_once_more(
    given_: list[str], expected: list[float]
) -> None:
    assert class_prior(given_, ("a", "b", "c")) == pytest.approx(expected)
