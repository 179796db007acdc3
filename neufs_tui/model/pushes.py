"""What one unit of each neuron's activation adds to an answer token's logit.

It depends on the token alone, so it is worked out once: for FFNs that every token passes at once,
for an expert when a token is first routed to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from neufs_tui.model.families.architecture import Architecture
from neufs_tui.model.families.ffns import Ffn

_MOST_KEPT = 1 << 31
"""Bytes that what was worked out of experts may take; beyond, it is not kept."""


class Pushes:
    """W_down^T (g ⊙ u_y) of a model's neurons and some tokens y, final norm aside.

    g is the gain of what follows the FFN, but for the 1/rms of a norm, which differs from place to
    place; u_y is the token's row of the unembedding.

    Source: Chen et al., NeuFS, contribution of a neuron to an answer token.
    """

    def __init__(
        self,
        architecture: Architecture,
        tokens: Sequence[int],
        *,
        arriving: bool = True,
        most_kept: int = _MOST_KEPT,
    ) -> None:
        """Work out those of the neurons that every token passes.

        Args:
            architecture: the model's parts.
            tokens: token ids.
            arriving: count what arrives in the residual stream; else what the down-projection
                writes.
            most_kept: bytes that what is worked out of experts may take.
        """
        self._architecture = architecture
        self._rows = architecture.token_rows(tokens)
        self._arriving = arriving
        n_routed = sum(
            ffn.shape.n_neurons for _, ffn in architecture.every_ffn() if ffn.shape.kind == "routed"
        )
        self._keeps = 4 * n_routed * len(tokens) <= most_kept
        self._experts: dict[tuple[int, int], Tensor] = {}
        self._fixed = [
            [self._of(ffn, 0) for ffn in ffns if ffn.shape.kind != "routed"]
            for ffns in architecture.ffns
        ]

    def of(self, layer: int, tokens: Tensor, experts: Tensor | None) -> Tensor:
        """Of the neurons of a layer that a token passes.

        Args:
            layer: the layer.
            tokens: which of the tokens is predicted, an index, shape (…,).
            experts: the routed experts there, shape (…, n_routed); None where there are none.

        Returns:
            Float32, shape (…, n_active), in the order of the activations.
        """
        parts = [table[tokens] for table in self._fixed[layer]]
        if experts is not None:
            used, where = torch.unique(experts, return_inverse=True)
            table = torch.stack([self._of_expert(layer, one) for one in used.tolist()])
            parts.insert(0, table[where, tokens[..., None]].flatten(-2))
        if not parts:
            return self._rows.new_empty(*tokens.shape, 0)
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    def _of_expert(self, layer: int, expert: int) -> Tensor:
        """Of an expert's neurons, shape (token, width)."""
        known = self._experts.get((layer, expert))
        if known is None:
            known = self._of(self._architecture.ffns[layer][0], expert)
            if self._keeps:
                self._experts[layer, expert] = known
        return known

    def _of(self, ffn: Ffn, expert: int) -> Tensor:
        """Of an FFN's neurons, shape (token, width)."""
        columns = ffn.columns(expert)
        gain = ffn.arrival.gain.to(self._rows.device)
        pushed = self._rows * gain if self._arriving else self._rows
        return (pushed.to(columns.device) @ columns).to(self._rows.device)
