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
        ((0.9, 0.1), (0, 0), (0.7, 0.3)),
        ((0.9, 0.1), (4, 0), (0.0, 1.0)),
        ((0.5, 0.5), (2, 3), (1.0, 0.0)),
        ((0.5, 0.5), (2, 2), (0.5, 0.5)),
    ],
)
def test_a_class_asks_for_a_share_between_its_own_and_an_equal_one(
    shares: tuple[float, float], given_labels: tuple[int, int], lacking: tuple[float, float]
) -> None:
    found = shortfall(np.array([shares, shares]), np.array(given_labels))
    np.testing.assert_allclose(found, lacking)


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_what_is_lacking_is_never_nothing(seed: int, n_labels: int) -> None:
    rng = np.random.default_rng(seed)
    estimates = rng.dirichlet(np.ones(n_labels), size=20)
    found = shortfall(estimates, rng.integers(0, 30, n_labels))
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
