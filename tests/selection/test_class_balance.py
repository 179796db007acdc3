"""What classes lack, by table and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.selection.class_balance import needs


@pytest.mark.parametrize(
    "shares, given_labels, lacking",
    [
        ((0.9, 0.1), (0, 0), None),
        ((0.9, 0.1), (2, 0), None),
        ((0.9, 0.1), (3, 0), (0.0, 1.2)),
        ((0.9, 0.1), (4, 0), (0.0, 1.5)),
        ((0.9, 0.1), (5, 2), None),
        ((0.5, 0.5), (2, 4), None),
        ((0.5, 0.5), (0, 2), (1.5, 0.0)),
        ((0.5, 0.5), (2, 2), None),
        ((0.5, 0.25, 0.25), (9, 0, 0), (0.0, 10 * 7 / 24, 10 * 7 / 24)),
    ],
)
def test_a_class_asks_for_a_share_between_its_own_and_an_equal_one(
    shares: tuple[float, ...], given_labels: tuple[int, ...], lacking: tuple[float, ...] | None
) -> None:
    found = needs(np.array([shares, shares]), np.array(given_labels))
    if lacking is None:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_allclose(found.lacking, lacking)
        assert found.weight == pytest.approx(min(2 * max(lacking), 3))


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_an_example_counts_by_how_likely_it_is_of_what_lacks_most(seed: int, n_labels: int) -> None:
    rng = np.random.default_rng(seed)
    estimates = rng.dirichlet(np.ones(n_labels), size=20)
    labels = rng.integers(0, 30, n_labels)
    found = needs(estimates, labels)
    if found is None:
        return
    assert found.lacking.min() >= 0
    asked = (estimates.mean(axis=0) + 1 / n_labels) / 2
    is_lacking = found.lacking > 0
    asked *= labels.sum() + 1
    assert np.all(labels[is_lacking] <= asked[is_lacking] - np.sqrt(asked[is_lacking]))
    expected = [
        sum(p * lack for p, lack in zip(row, found.lacking, strict=True)) for row in estimates
    ]
    np.testing.assert_allclose(found.likely, np.array(expected) / found.lacking.sum())
    assert found.likely.max() <= 1
