"""What a neuron writes, read through the unembedding: a readout of a direction, no meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.weights import computing_device, is_centring, norm_gain


@dataclass(frozen=True, slots=True)
class Promoted:
    """The tokens that one direction pushes most."""

    towards: tuple[str, ...]
    """Most first."""
    away: tuple[str, ...]
    """Most first."""


class Readout:
    """Reads single neurons of one model."""

    def __init__(self, loaded: LoadedModel) -> None:
        """Bind the model; weights are fetched layer by layer."""
        self._loaded = loaded
        self._columns: dict[tuple[int, int, int | None], Tensor] = {}

    @torch.inference_mode()
    def promoted(self, neuron: int, *, active: bool, n_tokens: int = 10) -> Promoted:
        """The tokens that a neuron pushes towards and away from while it is on.

        Args:
            neuron: its flat id.
            active: whether its activation is positive; a negative one turns its direction round.
            n_tokens: tokens of each kind.

        Returns:
            The extremes of U (g ⊙ W_down[:, i]), with g the final norm's gain and that of what
            follows the FFN.
        """
        architecture = self._loaded.architecture
        place = architecture.shape.place(neuron)
        ffn = architecture.ffns[place.layer][place.ffn]
        matrix = place.layer, place.ffn, place.expert
        if matrix not in self._columns:
            self._columns = {matrix: ffn.columns(place.expert or 0)}
        direction = self._columns[matrix][:, place.index]
        direction = direction * ffn.arrival.gain.to(direction.device)
        if not active:
            direction = -direction
        folded = _folded(architecture.final_norm, direction)
        head = architecture.unembedding
        dtype = next(head.parameters()).dtype
        if not dtype.is_floating_point:
            dtype = self._loaded.model.dtype
        logits = head(folded.to(computing_device(head), dtype)[None])[0].float()
        logits = logits[: len(self._loaded.tokenizer)]
        return Promoted(
            towards=self._texts(logits.topk(n_tokens).indices),
            away=self._texts(logits.topk(n_tokens, largest=False).indices),
        )

    def _texts(self, tokens: Tensor) -> tuple[str, ...]:
        decode = self._loaded.tokenizer.decode
        return tuple(cast(str, decode([token])) for token in tokens.tolist())


def _folded(norm: nn.Module, direction: Tensor) -> Tensor:
    """A direction after the final norm, its scale aside."""
    gain = norm_gain(norm, len(direction))
    if is_centring(norm, len(direction)):
        direction = direction - direction.mean()
    return direction.to(gain.device) * gain
