"""Do a layer's contributions sum to what its FFN writes, and does all of that arrive?

The sum is checked on the model's own weights, as they are stored; the arrival on a small copy,
where whatever else a layer computes can be held fixed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import Architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.weights import is_plain

logger = logging.getLogger(__name__)

ARRIVAL_BOUND = 1e-4
"""Of what arrives, relative to the largest value of the stream, in float32."""
_SUM_BOUNDS = {"float32": 1e-3, "bfloat16": 0.03, "float16": 0.03}
"""Of an FFN's sum, relative to the sum of its contributions' sizes."""
_PACKED_BOUND = 0.05
"""The same where a layer rounds what it is given, as 8-bit ones do."""
_N_TOKENS = 4
"""Tokens by which the real weights are checked."""
_MIXES_STREAMS = "altup"
"""Part of a layer that has several streams and mixes them (Gemma 3n): there is no one place at
which a push arrives, and it is read where it joins the layer's own stream."""


class Differs(Exception):
    """What is read otherwise than the model computes it."""


def first_pass(loaded: LoadedModel) -> Tensor:
    """Send a few tokens through a model.

    Returns:
        Their ids, shape (position,).
    """
    vocabulary = int(loaded.model.config.get_text_config().vocab_size)
    ids = (torch.arange(2 * _N_TOKENS) + 1) * (vocabulary // (3 * _N_TOKENS))
    with torch.inference_mode():
        loaded.model(input_ids=ids[None].to(loaded.model.device), use_cache=False)
    return ids


def check_weights(loaded: LoadedModel) -> None:
    """Prove on the model itself that weights are read as they are applied.

    One forward pass is made before they are read: some packed weights are unpacked by it.

    Raises:
        ModelError: an FFN's contributions do not sum to its own output.
    """
    with torch.inference_mode(), ffn_ends(loaded.architecture) as ends:
        ids = first_pass(loaded)
    # Behind the pass: a packed weight is read by sending unit vectors through its layer
    worst, layer = _sum_error(loaded.architecture, ends, ids[:_N_TOKENS].tolist())
    packed = not all(map(is_plain, loaded.architecture.down_projections))
    bound = _PACKED_BOUND if packed else _SUM_BOUNDS[loaded.dtype]
    logger.info("contributions sum to the output of their FFN within %.1e", worst)
    if not worst <= bound:
        raise ModelError(
            f"the weights of {loaded.name} are not read as they are applied: in layer {layer} "
            f"contributions are off by {worst:.2g} of their size",
            hint="use the model unquantised, or quantised otherwise",
        )


@dataclass(slots=True)
class FfnEnds:
    """What went in and out of one layer's FFN; tensors of shape (position, width)."""

    received: Tensor
    wrote: Tensor
    arrived: Tensor
    """Behind the norm that follows, if one does."""
    scale: Tensor
    """1/rms of that norm, else 1; shape (position,)."""
    n_passes: int = 1


@contextmanager
def ffn_ends(architecture: Architecture) -> Iterator[dict[int, FfnEnds]]:
    """Record each layer's FFN over the passes made inside."""
    ends: dict[int, FfnEnds] = {}
    with ExitStack() as stack:
        for layer, module in enumerate(architecture.down_projections):
            arrival = architecture.arrivals[layer]

            def keep(_: nn.Module, args: tuple[Tensor, ...], out: Tensor, at: int = layer) -> None:
                received, wrote = args[0].detach().flatten(0, 1), out.detach().flatten(0, 1)
                n_passes = ends[at].n_passes + 1 if at in ends else 1
                ones = torch.ones(len(wrote), device=wrote.device)
                ends[at] = FfnEnds(received, wrote, wrote, ones, n_passes)

            def normed(
                _: nn.Module, args: tuple[Tensor, ...], out: Tensor, at: int = layer
            ) -> None:
                ends[at].arrived = out.detach().flatten(0, 1)
                scale = architecture.arrivals[at].scale
                ends[at].scale = scale(args[0].flatten(0, 1), ends[at].arrived)

            stack.callback(module.register_forward_hook(keep).remove)
            if arrival.norm is not None:
                stack.callback(arrival.norm.register_forward_hook(normed).remove)
        yield ends


@torch.inference_mode()
def _sum_error(
    architecture: Architecture, ends: dict[int, FfnEnds], tokens: Sequence[int]
) -> tuple[float, int]:
    """The largest error of a layer's sum relative to Σ|contribution|, and the layer."""
    projections = architecture.token_projections(tokens).double()
    rows = architecture.token_rows(tokens).double()
    worst, where = 0.0, 0
    for layer, module in enumerate(architecture.down_projections):
        end = ends[layer]
        home = projections.device
        activations = (end.received.float() * end.scale[:, None]).to(home).double()
        contributions = activations[:, None] * projections[layer]  # (position, token, d_mlp)
        pushed = rows * architecture.arrivals[layer].gain.to(home)
        bias = getattr(module, "bias", None)
        written = end.wrote.double() if bias is None else end.wrote.double() - bias.double()
        outputs = (written * end.scale[:, None].double()).to(home) @ pushed.T
        sizes = contributions.abs().sum(dim=2).clamp(min=torch.finfo(torch.float32).tiny)
        error = float(((contributions.sum(dim=2) - outputs).abs() / sizes).max())
        if not error <= worst:
            worst, where = error, layer
    return worst, where


def check_arrival(small: LoadedModel) -> None:
    """Prove that each FFN is run once a pass and arrives in the last stream as it is read to.

    For each layer a pass is made in which its FFN writes nothing while everything else that it and
    the later layers add to the stream is what it was: what the stream then lacks is what arrived.

    Args:
        small: a small copy, in float32.

    Raises:
        Differs: an FFN is run otherwise, or something else arrives.
    """
    architecture = small.architecture
    ids = torch.arange(10, 22)[None]
    outputs: dict[nn.Module, list[object]] = {}
    with torch.inference_mode():
        with ExitStack() as stack, ffn_ends(architecture) as ends:
            for leaf in _leaves(architecture.layers):
                note = partial(_note, seen=outputs.setdefault(leaf, []))
                stack.callback(leaf.register_forward_hook(note).remove)
            whole = _last_stream(small, ids)
        for layer in range(architecture.n_layers):
            n_passes = ends[layer].n_passes if layer in ends else 0
            if n_passes != 1:
                raise Differs(f"the FFN of layer {layer} is run {n_passes} times a pass")
        if any(hasattr(layer, _MIXES_STREAMS) for layer in architecture.layers):
            return
        for layer, end in ends.items():
            with ExitStack() as stack:
                stack.callback(
                    architecture.down_projections[layer].register_forward_hook(_nothing).remove
                )
                for leaf in _leaves(architecture.layers[layer:]):
                    if leaf not in (
                        architecture.down_projections[layer],
                        architecture.arrivals[layer].norm,
                    ):
                        again = partial(_repeat, seen=iter(outputs[leaf]))
                        stack.callback(leaf.register_forward_hook(again).remove)
                lacking = whole - _last_stream(small, ids)
            expected = end.wrote * end.scale[:, None] * architecture.arrivals[layer].gain
            error = float((lacking - expected).abs().max() / whole.abs().max())
            if not error <= ARRIVAL_BOUND:
                raise Differs(
                    f"what the FFN of layer {layer} writes joins the residual stream in a way "
                    f"that is not known (off by {error:.2g})"
                )


def _leaves(layers: Sequence[nn.Module]) -> list[nn.Module]:
    """The modules that compute, without those that only pass on what they get."""
    return [
        module
        for layer in layers
        for module in layer.modules()
        if not list(module.children()) and not isinstance(module, nn.Dropout | nn.Identity)
    ]


def _note(_: nn.Module, args: object, out: object, seen: list[object]) -> None:
    seen.append(out)


def _repeat(_: nn.Module, args: object, out: object, seen: Iterator[object]) -> object:
    return next(seen)


def _nothing(_: nn.Module, args: object, out: Tensor) -> Tensor:
    return torch.zeros_like(out)


def _last_stream(small: LoadedModel, ids: Tensor) -> Tensor:
    """The residual stream in front of the final norm, shape (position, d_model)."""
    seen: list[Tensor] = []

    def keep(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.append(args[0].flatten(0, 1))

    handle = small.architecture.final_norm.register_forward_pre_hook(keep)
    try:
        small.model(input_ids=ids, use_cache=False)
    finally:
        handle.remove()
    return seen[0]
