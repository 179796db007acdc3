"""Which neuron an activation belongs to, against going through experts one by one."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.model_shape import FfnShape, ModelShape
from neufs_tui.model.families.experts import routes
from neufs_tui.model.layer_layout import layer_layouts

SHAPE = ModelShape(
    (
        (FfnShape("dense", 3),),
        (FfnShape("routed", 2, n_experts=4, n_routed=3), FfnShape("shared", 2)),
        (),
    )
)
PICKED = st.lists(
    st.permutations(range(4)).map(lambda experts: experts[:3]), min_size=1, max_size=3
)


@given(PICKED, st.integers(0, 10**6))
def test_the_largest_contribution_of_each_neuron_is_found(
    picked: list[list[int]], seed: int
) -> None:
    experts = torch.tensor(picked)[None]  # (1, position, n_routed)
    values = torch.from_numpy(np.random.default_rng(seed).normal(size=(1, len(picked), 8)))
    layout = layer_layouts(SHAPE, torch.device("cpu"))[1]
    ids = layout.ids(experts)
    expected: dict[int, float] = {}
    for place, experts_there in enumerate(picked):
        order = [3 + 2 * expert + index for expert in experts_there for index in range(2)]
        order += [11, 12]  # the shared one's, behind four experts of two
        assert ids[0, place].tolist() == order
        columns = torch.arange(8)[None]
        at = layout.ids_at(torch.full((1, 8), place), columns, experts)
        assert at[0].tolist() == order
        for neuron, value in zip(order, values[0, place].tolist(), strict=True):
            expected[neuron] = max(value, expected.get(neuron, -np.inf))
    largest = layout.largest(values, experts)[0]
    assert sorted(largest[largest.isfinite()].tolist()) == sorted(expected.values())


def test_layers_without_experts_count_from_where_they_begin() -> None:
    dense, mixed, empty = layer_layouts(SHAPE, torch.device("cpu"))
    assert dense.ids(None).tolist() == [0, 1, 2]
    assert (mixed.offset, empty.offset) == (3, 13)
    assert empty.ids(None).tolist() == []
    assert empty.largest(torch.zeros(2, 3, 0), None).shape == (2, 0)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.floats(-2, 2)), min_size=3, max_size=3),
        min_size=1,
        max_size=4,
    )
)
def test_routes_to_the_same_expert_add_up_and_skipped_ones_weigh_nothing(
    picks: list[list[tuple[int, float]]],
) -> None:
    shape = FfnShape("routed", 2, n_experts=4, n_routed=3)
    picked = torch.tensor([[expert for expert, _ in place] for place in picks])
    given_weights = torch.tensor([[weight for _, weight in place] for place in picks])
    weights, experts = routes(picked, given_weights, shape)
    assert experts.max() < 4
    for place, (row, of) in enumerate(zip(weights.tolist(), experts.tolist(), strict=True)):
        found = np.zeros(4)
        np.add.at(found, of, row)
        expected = np.zeros(6)
        np.add.at(expected, [e for e, _ in picks[place]], [w for _, w in picks[place]])
        np.testing.assert_allclose(found, expected[:4], atol=1e-5)
        carrying = [expert for expert, weight in zip(of, row, strict=True) if weight]
        assert len({*carrying}) == len(carrying)
