"""What an FFN writes on its way into the residual stream.

In most families it is added as it is. Some norm it first, some scale every layer's sum, and in
some the later layers scale the stream itself. Two layers can be compared only by what arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neufs_tui.model.weights import norm_gain

_NORMS = ("post_feedforward_layernorm", "post_norm2")
"""Norms of a layer between its FFN and the stream: Gemma 2 to 4, OLMo 2 and 3, EXAONE 4;
HyperCLOVA X."""
_FACTORS = ("residual_multiplier", "residual_scale")
"""What a layer's sums are multiplied by: Granite, HyperCLOVA X; MiniCPM3."""
_SCALES_WHOLE_STREAM = ("layer_scalar",)
"""What a layer multiplies the stream by once its FFN has joined: Gemma 4."""
_SCALES_STREAM_BEFORE = ("input_residual", "post_attention_residual")
"""What a layer multiplies the stream by before attention and FFN join it: Doge."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """How one layer's FFN joins the stream, and what becomes of it by the last layer's end."""

    norm: nn.Module | None
    """The RMS norm that its output passes first."""
    norm_gain: Tensor
    """That norm's gain, else 1, float32, shape (d_model,) or (1,)."""
    later_gain: Tensor
    """What the norm's output is multiplied by from there on, same shape."""

    @property
    def gain(self) -> Tensor:
        """What the FFN's output is multiplied by besides the norm's 1/rms."""
        return self.norm_gain * self.later_gain

    def scale(self, received: Tensor, put_out: Tensor) -> Tensor:
        """1/rms of the norm at some places, as it was applied there.

        Args:
            received: what the norm received, shape (place, d_model).
            put_out: what it made of it, same shape.

        Returns:
            Float32, shape (place,).
        """
        unscaled = received.float() * self.norm_gain.to(received.device)
        squares = unscaled.square().sum(dim=-1).clamp(min=torch.finfo(torch.float32).tiny)
        return (put_out.float() * unscaled).sum(dim=-1) / squares


def find_arrivals(layers: Sequence[nn.Module], d_model: int) -> tuple[Arrival, ...]:
    """How each layer's FFN joins the stream, first layer first."""
    later = torch.ones(1)
    arrivals = []
    for layer in reversed(layers):
        later = _scaled(later, layer, _SCALES_WHOLE_STREAM)
        norm = next((found for found in (getattr(layer, n, None) for n in _NORMS) if found), None)
        if isinstance(norm, nn.Identity):
            norm = None
        scaled = _scaled(later, layer, _FACTORS)
        own = torch.ones_like(scaled) if norm is None else norm_gain(norm, d_model)
        arrivals.append(Arrival(norm, own, scaled.to(own.device)))
        later = _scaled(later, layer, _SCALES_STREAM_BEFORE)
    return tuple(reversed(arrivals))


def _scaled(gain: Tensor, layer: nn.Module, names: Sequence[str]) -> Tensor:
    """A gain times what a layer has under some names."""
    for name in names:
        if (value := getattr(layer, name, None)) is not None:
            factor = torch.as_tensor(value).detach().float()
            gain = gain.to(factor.device) * factor
    return gain
