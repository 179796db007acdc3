"""Flat ids against counting neurons one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.model_shape import FfnShape, ModelShape, dense_shape
from neufs_tui.core.neuron_place import NeuronPlace

ROUTED = st.builds(
    lambda width, n_experts, n_routed: FfnShape(
        "routed", width, n_experts, min(n_routed, n_experts)
    ),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 3),
)
LAYERS = st.one_of(
    st.just(()),
    st.builds(lambda width: (FfnShape("dense", width),), st.integers(1, 5)),
    st.builds(lambda routed: (routed,), ROUTED),
    st.builds(lambda routed, width: (routed, FfnShape("shared", width)), ROUTED, st.integers(1, 3)),
)
SHAPES = st.builds(lambda layers: ModelShape(tuple(layers)), st.lists(LAYERS, max_size=5))


def counted(shape: ModelShape) -> list[NeuronPlace]:
    """Every neuron in the order of ids."""
    return [
        NeuronPlace(
            layer,
            index,
            ffn=number,
            expert=expert if ffn.kind == "routed" else None,
            shared=ffn.kind == "shared",
        )
        for layer, ffns in enumerate(shape.layers)
        for number, ffn in enumerate(ffns)
        for expert in range(ffn.n_experts)
        for index in range(ffn.width)
    ]


@given(SHAPES)
def test_ids_count_layer_by_layer_and_expert_by_expert(shape: ModelShape) -> None:
    places = counted(shape)
    assert shape.n_neurons == len(places)
    assert [shape.place(neuron) for neuron in range(len(places))] == places
    layers = shape.layers_of(np.arange(len(places), dtype=np.uint32))
    assert layers.tolist() == [place.layer for place in places]
    names = [str(place) for place in places]
    assert len({*names}) == len(names)
    for wrong in (-1, len(places)):
        with pytest.raises(IndexError):
            shape.place(wrong)


@given(SHAPES)
def test_a_shape_survives_as_text(shape: ModelShape) -> None:
    assert ModelShape.from_text(shape.to_text()) == shape


@pytest.mark.parametrize("text", ["", "{}", "3", "[[1]]", '[[1, [["other", 3, 1, 1]]]]'])
def test_what_no_shape_wrote_is_refused(text: str) -> None:
    if text == "{}":
        assert ModelShape.from_text(text).n_layers == 0
        return
    with pytest.raises(ValueError):
        ModelShape.from_text(text)


def test_shapes_are_told_in_words() -> None:
    routed = FfnShape("routed", 768, n_experts=128, n_routed=8)
    assert str(dense_shape(30, 1536)) == "30 layers of 1,536 neurons"
    assert str(ModelShape(((routed,),) * 48)) == (
        "48 layers of 128 experts of 768 neurons, 8 at a time"
    )
    mixed = ModelShape(
        ((FfnShape("dense", 6144),), (routed, FfnShape("shared", 1024)), (), (routed,))
    )
    assert str(mixed) == (
        "4 layers: 1 of 6,144 neurons; 1 of 128 experts of 768 neurons, 8 at a time, and a shared "
        "one of 1,024; 1 of no neurons; 1 of 128 experts of 768 neurons, 8 at a time"
    )
    assert mixed.n_active == (6144, 8 * 768 + 1024, 0, 8 * 768)


def test_ids_of_the_largest_models_fit_32_bits() -> None:
    layer = (FfnShape("routed", 2048, n_experts=256, n_routed=8), FfnShape("shared", 2048))
    shape = ModelShape(((FfnShape("dense", 18432),),) * 3 + (layer,) * 58)
    assert 30_000_000 < shape.n_neurons < 2**31
    assert str(shape.place(shape.n_neurons - 1)) == "L60.shared.2047"
    assert str(shape.place(3 * 18432 + 17 * 2048 + 5)) == "L3.e17.5"
