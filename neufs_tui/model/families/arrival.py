"""What an FFN writes on its way into the residual stream.

In most families it is added as it is. Some norm it first, some scale every layer's sum, and in
some the later layers scale the stream itself. Two layers can be compared only by what arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neufs_tui.model.families.layouts import found_at
from neufs_tui.model.weights import norm_gain

_NORMS = (
    "post_feedforward_layernorm",
    "post_norm2",
    "post_mlp_layernorm",
    "post_ffn_norm",
    "mlp.post_mlp_layernorm",
)
"""From a layer to norms between its FFNs and the stream: Gemma 2 to 4, OLMo 2 and 3, EXAONE 4;
HyperCLOVA X; GLM-4, AFM; LFM 3; A.X-K1."""
_FACTORS = ("residual_multiplier", "residual_scale")
"""What a layer's sums are multiplied by: Granite, HyperCLOVA X; MiniCPM3."""
_SCALES_WHOLE_STREAM = ("layer_scalar",)
"""What a layer multiplies the stream by once its FFN has joined: Gemma 4."""
_SCALES_STREAM_BEFORE = ("input_residual", "post_attention_residual")
"""What a layer multiplies the stream by before attention and FFN join it: Doge."""


@dataclass(frozen=True, slots=True, eq=False)
class NormBehind:
    """An RMS norm that what an FFN writes passes."""

    module: nn.Module
    gain: Tensor
    """What it multiplies by, its 1/rms aside, float32, shape (d_model,)."""

    def scale(self, received: Tensor, put_out: Tensor) -> Tensor:
        """1/rms at some places, as it was applied there.

        Args:
            received: what the norm received, shape (place, d_model).
            put_out: what it made of it, same shape.

        Returns:
            Float32, shape (place,).
        """
        unscaled = received.float() * self.gain.to(received.device)
        squares = unscaled.square().sum(dim=-1).clamp(min=torch.finfo(torch.float32).tiny)
        return (put_out.float() * unscaled).sum(dim=-1) / squares


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """How an FFN joins the stream, and what becomes of it by the last layer's end."""

    norms: tuple[NormBehind, ...]
    """The norms that its output passes first, one after the other."""
    later_gain: Tensor
    """What it is multiplied by from there on, float32, shape (d_model,) or (1,)."""

    @property
    def gain(self) -> Tensor:
        """What the FFN's output is multiplied by besides each norm's 1/rms."""
        gain = self.later_gain
        for norm in self.norms:
            gain = gain.to(norm.gain.device) * norm.gain
        return gain

    def behind(self, norms: Sequence[NormBehind], factor: float) -> Arrival:
        """How an FFN arrives whose output passes norms and a factor of its own before."""
        return Arrival((*norms, *self.norms), self.later_gain * factor)


def find_arrivals(layers: Sequence[nn.Module], d_model: int) -> tuple[Arrival, ...]:
    """How what each layer's FFNs write joins the stream, first layer first."""
    later = torch.ones(1)
    arrivals = []
    for layer in reversed(layers):
        later = _scaled(later, layer, _SCALES_WHOLE_STREAM)
        norms = norms_behind(layer, _NORMS, d_model)
        arrivals.append(Arrival(norms, _scaled(later, layer, _FACTORS)))
        later = _scaled(later, layer, _SCALES_STREAM_BEFORE)
    return tuple(reversed(arrivals))


def norms_behind(layer: nn.Module, paths: Sequence[str], d_model: int) -> tuple[NormBehind, ...]:
    """Those of some norms that a layer has, in the order of their paths."""
    found = [found_at(layer, path) for path in paths]
    return tuple(
        NormBehind(norm, norm_gain(norm, d_model))
        for norm in found
        if isinstance(norm, nn.Module) and not isinstance(norm, nn.Identity)
    )


def _scaled(gain: Tensor, layer: nn.Module, names: Sequence[str]) -> Tensor:
    """A gain times what a layer has under some names."""
    for name in names:
        if (value := getattr(layer, name, None)) is not None:
            factor = torch.as_tensor(value).detach().float()
            gain = gain.to(factor.device) * factor
    return gain
