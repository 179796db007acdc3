"""How a model's neurons are laid out, and the flat ids by which they go.

A layer has an FFN, or a mixture of experts of which a router picks some for each token, often
beside an FFN that every token passes (a shared expert); or none of them. Flat ids count all
neurons, first layer first; within a layer expert by expert, and FFN by FFN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neuron_place import NeuronPlace
from neufs_tui.core.text import plural

FfnKind = Literal["dense", "routed", "shared"]
"""The only FFN of a layer; its experts that a router picks from; what every token passes beside
them."""


@dataclass(frozen=True, slots=True)
class FfnShape:
    """One FFN of a layer, or all of the layer's routed experts."""

    kind: FfnKind
    width: int
    """Neurons, of one expert."""
    n_experts: int = 1
    n_routed: int = 1
    """Experts that a token passes."""

    @property
    def n_neurons(self) -> int:
        """All neurons."""
        return self.n_experts * self.width

    @property
    def n_active(self) -> int:
        """Neurons that a token passes."""
        return self.n_routed * self.width

    def __str__(self) -> str:
        """A phrase that goes on after `layers of`."""
        neurons = plural(self.width, "neuron")
        if self.kind == "routed":
            return f"{plural(self.n_experts, 'expert')} of {neurons}, {self.n_routed} at a time"
        return neurons if self.kind == "dense" else f"a shared one of {self.width:,}"


@dataclass(frozen=True)
class ModelShape:
    """The FFNs of each layer, first layer first."""

    layers: tuple[tuple[FfnShape, ...], ...]

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """The flat id at which each layer begins, and the number of all, shape (n_layers + 1,)."""
        sizes = [sum(ffn.n_neurons for ffn in ffns) for ffns in self.layers]
        return np.cumsum([0, *sizes], dtype=np.int64)

    @cached_property
    def n_active(self) -> tuple[int, ...]:
        """Neurons of each layer that one token passes."""
        return tuple(sum(ffn.n_active for ffn in ffns) for ffns in self.layers)

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @property
    def n_neurons(self) -> int:
        """All neurons of the model."""
        return int(self.offsets[-1])

    def layers_of(self, neurons: NDArray[np.uint32]) -> NDArray[np.intp]:
        """The layer of each flat id."""
        return np.searchsorted(self.offsets, neurons.astype(np.int64), side="right") - 1

    def place(self, neuron: int) -> NeuronPlace:
        """Where a flat id is.

        Raises:
            IndexError: the model has no such neuron.
        """
        if not 0 <= neuron < self.n_neurons:
            raise IndexError(f"neuron {neuron} of {self.n_neurons}")
        layer = int(np.searchsorted(self.offsets, neuron, side="right")) - 1
        inside = neuron - int(self.offsets[layer])
        number, ffns = 0, self.layers[layer]
        while inside >= ffns[number].n_neurons:
            inside -= ffns[number].n_neurons
            number += 1
        expert, index = divmod(inside, ffns[number].width)
        return NeuronPlace(
            layer,
            index,
            ffn=number,
            expert=expert if ffns[number].kind == "routed" else None,
            shared=ffns[number].kind == "shared",
        )

    def to_text(self) -> str:
        """As text from which `from_text` makes it again; equal shapes have equal texts."""
        return json.dumps([(n, [astuple(ffn) for ffn in ffns]) for ffns, n in self._runs()])

    @classmethod
    def from_text(cls, text: str) -> ModelShape:
        """The shape that wrote a text.

        Raises:
            ValueError: no shape wrote it.
        """
        layers: list[tuple[FfnShape, ...]] = []
        try:
            for n_layers, ffns in json.loads(text):
                layers += [tuple(FfnShape(*ffn) for ffn in ffns)] * n_layers
        except TypeError as error:
            raise ValueError(f"{text!r} is no model's shape") from error
        if any(ffn.kind not in get_args(FfnKind) for ffns in layers for ffn in ffns):
            raise ValueError(f"{text!r} is no model's shape")
        return cls(tuple(layers))

    def __str__(self) -> str:
        """A phrase, such as `30 layers of 1,536 neurons`."""
        counts: dict[tuple[FfnShape, ...], int] = {}
        for ffns in self.layers:
            counts[ffns] = counts.get(ffns, 0) + 1
        kinds = [(n, ", and ".join(map(str, ffns)) or "no neurons") for ffns, n in counts.items()]
        if len(kinds) == 1:
            return f"{plural(self.n_layers, 'layer')} of {kinds[0][1]}"
        return f"{plural(self.n_layers, 'layer')}: " + "; ".join(f"{n} of {of}" for n, of in kinds)

    def _runs(self) -> Iterator[tuple[tuple[FfnShape, ...], int]]:
        """Layers that are alike and follow each other, and how many they are."""
        return ((ffns, len(list(run))) for ffns, run in groupby(self.layers))


def dense_shape(n_layers: int, d_mlp: int) -> ModelShape:
    """The shape of a model whose layers have one FFN each, all of one width."""
    return ModelShape(((FfnShape("dense", d_mlp),),) * n_layers)
