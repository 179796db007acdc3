"""Merging positions, against a dictionary."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.model.neuron_sets import NO_NEURON, neuron_sets

VALUES = st.sampled_from([-np.inf, -1.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 3.0])
ROWS = st.integers(1, 12).flatmap(
    lambda n: st.lists(
        st.lists(st.tuples(st.integers(0, 6), VALUES), min_size=n, max_size=n),
        min_size=1,
        max_size=4,
    )
)


@given(ROWS, st.integers(1, 15))
def test_each_neuron_counts_once_with_its_largest_contribution(
    rows: list[list[tuple[int, float]]], size: int
) -> None:
    neuron = torch.tensor([[one for one, _ in row] for row in rows])
    contribution = torch.tensor([[value for _, value in row] for row in rows])
    ids, values, counts = neuron_sets(neuron, contribution, size, repeat=True)
    for row, found, strengths, count in zip(
        rows, ids.tolist(), values.tolist(), counts.tolist(), strict=True
    ):
        best: dict[int, float] = {}
        for one, value in row:
            best[one] = max(value, best.get(one, -np.inf))
        assert count == sum(value > -np.inf for value in best.values())
        kept = {one: value for one, value in zip(found, strengths, strict=True) if one != NO_NEURON}
        assert [*kept] == sorted(kept) and found[: len(kept)] == [*kept]
        assert all(best[one] == value > 0 for one, value in kept.items())
        positive = sorted((value for value in best.values() if value > 0), reverse=True)
        assert sorted(kept.values(), reverse=True) == positive[: min(size, len(row))]


@given(st.integers(0, 10**6), st.integers(1, 30))
def test_where_no_neuron_repeats_nothing_need_be_merged(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    neuron = torch.from_numpy(np.stack([rng.permutation(40)[:20] for _ in range(3)]))
    contribution = torch.from_numpy(rng.normal(size=(3, 20)).astype(np.float32))
    merged, straight = (
        neuron_sets(neuron, contribution, size, repeat=repeat) for repeat in (True, False)
    )
    for one, other in zip(merged, straight, strict=True):
        assert torch.equal(one, other)
