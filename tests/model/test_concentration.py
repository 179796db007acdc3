"""The nucleus and the participation ratio, against a sort."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.model.concentration import Concentration


def concentrated(layers: list[np.ndarray]) -> Concentration:
    concentration = Concentration(len(layers[0]), torch.device("cpu"))
    for layer in layers:
        concentration.add(torch.tensor(layer, dtype=torch.float32))
    return concentration


def slow_nucleus(row: np.ndarray, share: float) -> int:
    largest = np.sort(row[row > 0].astype(np.float64))[::-1]
    if not len(largest):
        return 0
    return 1 + int((largest.cumsum() < share * largest.sum()).sum())


@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.1, 0.5, 0.9, 0.99]),
    scale=st.sampled_from([1e-4, 1.0, 300.0]),
    spread=st.sampled_from([0.1, 1.0, 3.0]),
)
@settings(deadline=None, max_examples=60)
def test_the_nucleus_is_what_sorting_gives(
    seed: int, share: float, scale: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    sign = rng.choice([-1, 1], size=(3, 4, 200))
    layers = sign * scale * np.exp(spread * rng.normal(size=(3, 4, 200)))
    nuclei = concentrated(list(layers)).nucleus(share)
    for row in range(4):
        expected = slow_nucleus(layers[:, row].astype(np.float32).ravel(), share)
        assert abs(int(nuclei[row]) - expected) <= max(1, 0.003 * expected)


def test_few_large_neurons_are_a_small_nucleus() -> None:
    one = np.zeros((1, 100))
    one[0, 3] = 5.0
    even = np.full((1, 100), 0.25)
    assert concentrated([one]).nucleus(0.9).item() == 1
    assert concentrated([one]).participation().item() == pytest.approx(1)
    assert concentrated([even]).nucleus(0.9).item() == 90
    assert concentrated([even, even]).participation().item() == pytest.approx(200)


def test_nothing_positive_has_no_nucleus() -> None:
    nothing = concentrated([np.full((2, 10), -1.0)])
    assert nothing.nucleus(0.9).tolist() == [0, 0]
    assert nothing.participation().tolist() == [0, 0]
