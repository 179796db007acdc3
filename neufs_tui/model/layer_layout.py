"""Which neuron each activation of a layer belongs to.

What is recorded of a layer are the neurons that a token passes: those of its routed experts, one
expert after the other as the router picked them, then those that every token passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from neufs_tui.core.model_shape import FfnShape, ModelShape


@dataclass(frozen=True, slots=True, eq=False)
class LayerLayout:
    """The neurons of one layer."""

    offset: int
    """Flat id of the first."""
    routed: FfnShape | None
    fixed: Tensor
    """Flat ids of the neurons that every token passes, shape (n_fixed,)."""

    def ids(self, experts: Tensor | None) -> Tensor:
        """Flat ids of the activations of some places.

        Args:
            experts: the routed experts, shape (…, n_routed); None where there are none.

        Returns:
            Shape (…, n_active), or (n_active,) where there are none.
        """
        if experts is None or self.routed is None:
            return self.fixed
        width = self.routed.width
        inside = torch.arange(width, device=experts.device)
        routed = (self.offset + experts[..., None] * width + inside).flatten(-2)
        return torch.cat([routed, self.fixed.expand(*routed.shape[:-1], -1)], dim=-1)

    def ids_at(self, position: Tensor, column: Tensor, experts: Tensor | None) -> Tensor:
        """Flat ids of some activations.

        Args:
            position: where they are, shape (row, k).
            column: which of the activations there, same shape.
            experts: the routed experts, shape (row, position, n_routed); None without.

        Returns:
            Shape (row, k).
        """
        if experts is None or self.routed is None:
            return self.offset + column
        width, n_active = self.routed.width, self.routed.n_active
        slot = (column // width).clamp(max=self.routed.n_routed - 1)
        expert = experts.flatten(1).gather(1, position * self.routed.n_routed + slot)
        routed = self.offset + expert * width + column % width
        return torch.where(
            column < n_active, routed, self.offset + self.routed.n_neurons + column - n_active
        )

    def largest(self, contribution: Tensor, experts: Tensor | None) -> Tensor:
        """The largest contribution of each neuron over all positions.

        Args:
            contribution: shape (row, position, n_active).
            experts: as for `ids_at`.

        Returns:
            Each neuron once, in no particular order, shape (row, m); −inf fills it up.
        """
        if contribution.shape[1] == 1:
            return contribution[:, 0]
        if experts is None or self.routed is None:
            return contribution.amax(dim=1)
        n_routed = self.routed.n_active
        slots = experts.flatten(1)  # (row, slot): experts of one position after the other
        first = (slots[:, :, None] == slots[:, None, :]).int().argmax(dim=2)
        routed = contribution[..., :n_routed].reshape(*slots.shape, self.routed.width)
        merged = torch.full_like(routed, -torch.inf).scatter_reduce(
            1, first[..., None].expand_as(routed), routed, "amax"
        )
        return torch.cat([merged.flatten(1), contribution[..., n_routed:].amax(dim=1)], dim=1)


def layer_layouts(shape: ModelShape, device: torch.device) -> list[LayerLayout]:
    """Of each layer, with their ids on a device."""
    layouts = []
    for offset, end, ffns in zip(
        shape.offsets[:-1].tolist(), shape.offsets[1:].tolist(), shape.layers, strict=True
    ):
        routed = next((ffn for ffn in ffns if ffn.kind == "routed"), None)
        start = offset + (routed.n_neurons if routed else 0)
        layouts.append(LayerLayout(offset, routed, torch.arange(start, end, device=device)))
    return layouts
