"""Units of a model that look like an FFN, whatever they are called.

An FFN that the table of `layouts.py` does not name would be left out without a sign: those that
it names pass every check. So a pass is watched for what an FFN does: a linear map to the residual
stream of what an activation function put out.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary
from transformers import PreTrainedModel

_ACTIVATIONS = frozenset(
    {
        "celu",
        "elu",
        "erf",
        "exp",
        "expm1",
        "gelu",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "leaky_relu",
        "log_sigmoid_forward",
        "mish",
        "pow",
        "relu",
        "selu",
        "sigmoid",
        "silu",
        "softplus",
        "tanh",
        "threshold",
    }
)
"""What makes a linear map's output the activations of neurons."""
_PASSED_ON = frozenset(
    {
        "_to_copy",
        "cat",
        "clone",
        "contiguous",
        "copy",
        "expand_as",
        "gather",
        "index",
        "index_select",
        "native_dropout",
        "repeat",
        "repeat_interleave",
        "stack",
    }
)
"""Operations that leave activations what they are, besides views and element-wise ones."""
_LINEAR = {"linear": 0, "mm": 0, "bmm": 0, "matmul": 0, "addmm": 1, "baddbmm": 1}
"""Linear maps, and which argument they map."""
_CACHES = frozenset({"past_key_values", "past_key_value", "layer_past", "cache_params"})
"""Arguments that what mixes tokens takes: attention, state-space and linear-attention modules."""
_N_TOKENS = 6
_NO_FFNS = {
    "per_layer_projection": "Gemma 3n and 4: the token's own embedding, gated by the stream",
    "input_layernorm": "AXK 2: a norm with a gate",
    "post_attention_layernorm": "AXK 2: a norm with a gate",
    "temporal_block": "RecurrentGemma: a state-space mixer that keeps its state itself",
}
"""Modules, by their names, in which activations are mapped and that are no FFNs; and why."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What looks like an FFN."""

    name: str
    """From the model to the down-projection, or to the experts."""
    experts: bool
    """It holds a matrix for each of several experts."""
    takes_routes: bool = False
    """It was called with states, the experts of each token and their weights."""


@dataclass(slots=True)
class Found:
    """What one pass through a model showed."""

    units: list[Unit] = field(default_factory=list)
    final_norm: str | None = None
    """The norm whose output the unembedding takes, from the model; None where it takes another."""


def find_units(model: PreTrainedModel, layers: Sequence[nn.Module], d_model: int) -> Found:
    """Watch a pass for what looks like an FFN.

    Args:
        model: a small copy.
        layers: its layers, first layer first.
        d_model: width of the residual stream.

    Returns:
        Every such unit of the model, token mixers and what `_NO_FFNS` names aside.
    """
    names = {module: name for name, module in model.named_modules()}
    mixers = {module for layer in layers for module in _mixers(layer)}
    aside = mixers | {
        module
        for module, name in names.items()
        if not _NO_FFNS.keys().isdisjoint(name.rpartition(".")[2:])
    }
    held = {
        module: False
        for layer in layers
        for module in layer.modules()
        if _holds_experts(module) and not _within(module, aside, model, names)
    }
    running: list[nn.Module] = [model]
    watch = _Watch(d_model, running)
    unembedding = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    normed: list[tuple[str, Tensor]] = []
    found = Found()

    def enter(module: nn.Module, args: tuple[Any, ...]) -> None:
        running.append(module)
        if module in held:
            held[module] |= _are_routes(args)
        if module is unembedding and normed and _is_multiple(args[0], normed[-1][1]):
            found.final_norm = normed[-1][0]

    def leave(module: nn.Module, _: object, out: object) -> None:
        running.pop()
        is_norm = "norm" in type(module).__name__.lower()
        if module in layers or is_norm:
            # A norm of the stream begins anew; so does each layer
            watch.forget(out)
        if is_norm and isinstance(out, Tensor) and out.shape[-1] == d_model:
            normed.append((names[module], out))

    with ExitStack() as stack, torch.no_grad():
        for module in names:
            stack.callback(module.register_forward_pre_hook(enter).remove)
            stack.callback(module.register_forward_hook(leave, always_call=True).remove)
        ids = torch.arange(10, 10 + _N_TOKENS)[None]
        with watch:
            model(input_ids=ids, use_cache=False)
    found.units = [
        *(Unit(names[module], experts=True, takes_routes=taken) for module, taken in held.items()),
        *(
            Unit(names[module], experts=False)
            for module in watch.mapping
            if not _within(module, aside | held.keys(), model, names)
        ),
    ]
    return found


def not_among(units: Sequence[Unit], known: Collection[nn.Module], model: nn.Module) -> list[Unit]:
    """Those of some units that are no part of modules that are known."""
    names = {module: name for name, module in model.named_modules()}
    known = {*known}
    return [
        unit for unit in units if not _within(model.get_submodule(unit.name), known, model, names)
    ]


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Marks what activation functions put out, and sees which linear maps take it."""

    def __init__(self, d_model: int, running: Sequence[nn.Module]) -> None:
        """Begin without marks.

        Args:
            d_model: width of the residual stream.
            running: the modules that are being run, the innermost last.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        self.mapping: dict[nn.Module, None] = {}
        """Modules that map activations to the stream, in the order they were run."""
        self._d_model = d_model
        self._running = running
        self._marked = WeakTensorKeyDictionary()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and mark what it puts out."""
        out = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::").rstrip("_")
        taken = list(_tensors(args))
        if name in _LINEAR:
            mapped = args[_LINEAR[name]]
            if mapped in self._marked and out.shape[-1] == self._d_model:
                self.mapping[self._running[-1]] = None
            return out
        for made in _tensors(out):
            if self._is_activation(func, name, taken, made):
                self._marked[made] = True
        return out

    def forget(self, out: object) -> None:
        """Take the marks off what a module put out, where it is as wide as the stream."""
        for made in _tensors(out):
            if made in self._marked and made.shape[-1:] == (self._d_model,):
                del self._marked[made]

    def _is_activation(self, func: Any, name: str, taken: Sequence[Tensor], made: Tensor) -> bool:
        if name in _ACTIVATIONS:
            return not isinstance(taken[0], nn.Parameter)
        marked = [one for one in taken if one in self._marked]
        if func.is_view or name in _PASSED_ON:
            return bool(marked)
        # A number for each token, such as a gate, is no neuron
        is_pointwise = torch.Tag.pointwise in func.tags
        return is_pointwise and any(one.shape[-1:] == made.shape[-1:] for one in marked)


def _tensors(values: object) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)


def _mixers(layer: nn.Module) -> Iterator[nn.Module]:
    """The outermost modules inside a layer that take a cache."""
    for child in layer.children():
        if _CACHES & inspect.signature(child.forward).parameters.keys():
            yield child
        else:
            yield from _mixers(child)


def _holds_experts(module: nn.Module) -> bool:
    """Whether a module has a matrix for each of several experts."""
    if isinstance(module, nn.modules.conv._ConvNd):
        return False
    return any(parameter.ndim >= 3 for parameter in module.parameters(recurse=False))


def _is_multiple(values: Tensor, of: Tensor) -> bool:
    """Whether values are others times a number."""
    if values.shape != of.shape:
        return False
    return bool(torch.cosine_similarity(values.flatten(), of.flatten(), dim=0) > 1 - 1e-5)


def _are_routes(args: tuple[object, ...]) -> bool:
    match args:
        case (Tensor(), Tensor() as experts, Tensor() as weights):
            is_chosen = not experts.is_floating_point() and weights.is_floating_point()
            return is_chosen and experts.shape == weights.shape
    return False


def _within(
    module: nn.Module, owners: Collection[nn.Module], model: nn.Module, names: dict[nn.Module, str]
) -> bool:
    """Whether a module is one of some, or inside one."""
    name = names[module]
    while name:
        if model.get_submodule(name) in owners:
            return True
        name = name.rpartition(".")[0]
    return False
