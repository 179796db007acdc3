"""What classes lack, by table and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.selection.class_balance import shortfall


@pytest.mark.parametrize(
    "shares, given_labels, lacking",
    [
        ((0.9, 0.1), (0, 0), None),
        ((0.9, 0.1), (2, 0), (0.0, 1.0)),
        ((0.9, 0.1), (4, 0), (0.0, 1.0)),
        ((0.9, 0.1), (5, 2), None),
        ((0.5, 0.5), (2, 4), (1.0, 0.0)),
        ((0.5, 0.5), (2, 2), None),
        ((0.5, 0.25, 0.25), (9, 0, 0), (0.0, 0.5, 0.5)),
    ],
)
def test_a_class_asks_for_a_share_between_its_own_and_an_equal_one(
    shares: tuple[float, ...], given_labels: tuple[int, ...], lacking: tuple[float, ...] | None
) -> None:
    found = shortfall(np.array([shares, shares]), np.array(given_labels))
    if lacking is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, lacking)


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_what_is_lacking_is_shared_by_classes_that_have_less_than_they_ask(
    seed: int, n_labels: int
) -> None:
    rng = np.random.default_rng(seed)
    estimates = rng.dirichlet(np.ones(n_labels), size=20)
    labels = rng.integers(0, 30, n_labels)
    found = shortfall(estimates, labels)
    if found is None:
        return
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    asked = (estimates.mean(axis=0) + 1 / n_labels) / 2
    assert np.all(labels[found > 0] < asked[found > 0] * (labels.sum() + 1))
