"""The parts of a model that the method reads, found by the table of `layouts.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from neufs_tui.core.model_shape import FfnKind, FfnShape, ModelShape
from neufs_tui.errors import ModelError
from neufs_tui.model.families.arrival import Arrival, find_arrivals, norms_behind
from neufs_tui.model.families.experts import RoutedFfn, ScaledInputFfn
from neufs_tui.model.families.ffns import Ffn, SingleFfn
from neufs_tui.model.families.layouts import ROUTED, SINGLE, STACKS, FfnPath, Stack, found_at
from neufs_tui.model.families.refused import reason
from neufs_tui.model.weights import computing_device, output_rows

_ACTIVATIONS = ("act_fn", "act", "activation_fn", "activation")
"""Names of an FFN's activation function beside its down-projection."""
N_ROUTED = (
    "top_k",
    "num_experts_per_tok",
    "num_experts_per_token",
    "moe_topk",
    "moe_top_k",
    "moe_k",
    "top_k_experts",
)
"""Names of the number of experts that a token passes: of the block or router, else of the
configuration."""


class UnknownFamily(ModelError):
    """The parts of a model are not where the table has them."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where parts are looked for, by the names of their attributes."""

    stacks: tuple[Stack, ...]
    single: tuple[FfnPath, ...]
    routed: tuple[FfnPath, ...]


@dataclass(frozen=True)
class Architecture:
    """The parts of a model that the method reads."""

    d_model: int
    layers: tuple[nn.Module, ...]
    """First layer first."""
    ffns: tuple[tuple[Ffn, ...], ...]
    """Those of each layer, in the order of their neurons' ids; none in some layers."""
    unembedding: nn.Module
    """What turns the last hidden states into logits."""
    final_norm: nn.Module
    """The norm in front of it."""
    proposed: Layout | None = None
    """Where they were found, if the table alone does not name them."""

    @cached_property
    def shape(self) -> ModelShape:
        """How its neurons are laid out."""
        return ModelShape(tuple(tuple(ffn.shape for ffn in ffns) for ffns in self.ffns))

    @property
    def device(self) -> torch.device:
        """Where the unembedding is computed, and everything that is read of the model brought."""
        return computing_device(self.unembedding)

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return len(self.layers)

    def every_ffn(self) -> Iterator[tuple[int, Ffn]]:
        """All FFNs with their layers, first layer first."""
        return ((layer, ffn) for layer, ffns in enumerate(self.ffns) for ffn in ffns)

    def token_rows(self, tokens: Sequence[int]) -> Tensor:
        """The unembedding's rows of some tokens, float32, shape (len(tokens), d_model)."""
        return output_rows(self.unembedding, tokens, self.d_model).to(self.device)


def known_layout() -> Layout:
    """Where known families have their parts."""
    return Layout(STACKS, SINGLE, ROUTED)


def find_architecture(model: PreTrainedModel, proposed: Layout | None = None) -> Architecture:
    """Find the FFNs of a model.

    Args:
        model: any.
        proposed: where they are; None for where known families have them.

    Raises:
        UnknownFamily: they are not there, or it has no unembedding.
        ModelError: experts are packed, or how many a token passes is not known; or the family is
            known not to be readable.
    """
    family = model.config.model_type
    if why := reason((family, model.config.get_text_config().model_type)):
        raise ModelError(
            f"{family} models are not read: {why}",
            hint="docs/families.md lists the families that are read",
        )
    layout = proposed or known_layout()
    output = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    for stack in layout.stacks:
        layers = found_at(model, stack.layers)
        final_norm = found_at(model, stack.final_norm)
        if not isinstance(layers, nn.ModuleList) or not final_norm or output is None:
            continue
        d_model = int(model.config.get_text_config().hidden_size)
        arrivals = find_arrivals(list(layers), d_model)
        ffns = tuple(
            _ffns(layer, arrival, model, d_model, layout)
            for layer, arrival in zip(layers, arrivals, strict=True)
        )
        if any(ffns) and _width(output) == d_model:
            return Architecture(d_model, tuple(layers), ffns, output, final_norm, proposed)
    raise UnknownFamily(
        f"the FFNs of {type(model).__name__} are not where neufs-tui looks for them",
        hint="docs/families.md lists the families that are read",
    )


def _ffns(
    layer: nn.Module, arrival: Arrival, model: PreTrainedModel, d_model: int, layout: Layout
) -> tuple[Ffn, ...]:
    """The FFNs of one layer: the experts that are routed to, then what every token passes."""
    routed = [(path, found) for path in layout.routed if (found := _module(layer, path))][:1]
    single = [(path, found) for path in layout.single if (found := _module(layer, path))]

    def own(path: FfnPath) -> Arrival:
        factor = found_at(layer, path.factor)
        return arrival.behind(
            norms_behind(layer, path.norms, d_model), 1.0 if factor is None else float(factor)
        )

    kind: FfnKind = "shared" if routed else "dense"
    return (
        *(_routed(layer, path, found, own(path), model) for path, found in routed),
        *(
            SingleFfn(
                shape=FfnShape(kind, _width(found)),
                arrival=own(path),
                down_projection=found,
                activation=_activation(layer, path),
                gate=found_at(layer, path.gate),
            )
            for path, found in single
        ),
    )


def _routed(
    layer: nn.Module, path: FfnPath, experts: nn.Module, arrival: Arrival, model: PreTrainedModel
) -> RoutedFfn:
    down_projection = getattr(experts, "down_proj", None)
    name = type(experts).__name__
    if not isinstance(down_projection, nn.Parameter) or not down_projection.is_floating_point():
        raise ModelError(
            f"the experts of {type(model).__name__} ({name}) hold packed weights, which are not "
            "read",
            hint="use the model unquantised",
        )
    router = found_at(layer, path.router)
    is_transposed = router is not None or bool(getattr(experts, "is_transposed", False))
    n_experts, *sides = down_projection.shape
    behind = found_at(layer, path.behind)
    kind = RoutedFfn if router is None else partial(ScaledInputFfn, router=router)
    return kind(
        shape=FfnShape(
            "routed",
            width=sides[0] if is_transposed else sides[1],
            n_experts=n_experts,
            n_routed=_n_routed(layer, path, model),
        ),
        arrival=arrival,
        experts=experts,
        is_transposed=is_transposed,
        behind=None if isinstance(behind, nn.Identity) else behind,
    )


def _n_routed(layer: nn.Module, path: FfnPath, model: PreTrainedModel) -> int:
    """How many experts each token passes."""
    block = _beside(layer, path)
    config = model.config.get_text_config()
    for owner in (block, *block.children(), config):
        for name in N_ROUTED:
            if isinstance(number := getattr(owner, name, None), int):
                return number
    raise ModelError(
        f"how many experts of {type(model).__name__} a token passes is not known",
        hint="report the family with the version of transformers",
    )


def _module(layer: nn.Module, path: FfnPath) -> nn.Module | None:
    found = found_at(layer, path.path)
    is_of_class = not path.classes or type(found).__name__ in path.classes
    return found if isinstance(found, nn.Module) and is_of_class else None


def _beside(layer: nn.Module, path: FfnPath) -> nn.Module:
    """The module that has the FFN's as an attribute."""
    owner, _, _ = path.path.rpartition(".")
    return cast(nn.Module, attrgetter(owner)(layer)) if owner else layer


def _activation(layer: nn.Module, path: FfnPath) -> nn.Module | None:
    found = (getattr(_beside(layer, path), name, None) for name in _ACTIVATIONS)
    return next((one for one in found if isinstance(one, nn.Module)), None)


def _width(down_projection: nn.Module) -> int:
    """What a down-projection takes; of a quantised one the weight's shape says little."""
    if isinstance(down_projection, Conv1D):
        return int(down_projection.weight.shape[0])
    return int(cast(nn.Linear, down_projection).in_features)
