"""Per family of models: where the FFN, its down-projection and the unembedding are.

Hugging Face's names are translated here, once: `d_mlp` is the FFN's width, `d_model` the
residual stream's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from neufs_tui.core.settings import HookSite
from neufs_tui.errors import ModelError
from neufs_tui.model.families.arrival import Arrival, find_arrivals
from neufs_tui.model.weights import applied_weight, computing_device, output_rows


@dataclass(frozen=True, slots=True)
class _Layout:
    """Paths of attributes, as one family of implementations names them."""

    layers: str
    """From the model to its list of layers."""
    activation: str
    """From a layer to the FFN's activation function."""
    down_projection: str
    """From a layer to the FFN's down-projection."""
    final_norm: str
    """From the model to the norm in front of the unembedding."""


_LAYOUTS = (
    # Llama, Qwen2, Qwen3, Mistral, Gemma to Gemma 3, and what is built like them: gated
    _Layout("model.layers", "mlp.act_fn", "mlp.down_proj", "model.norm"),
    _Layout(
        "model.language_model.layers", "mlp.act_fn", "mlp.down_proj", "model.language_model.norm"
    ),
    # GPT-2: plain
    _Layout("transformer.h", "mlp.act", "mlp.c_proj", "transformer.ln_f"),
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """The parts of a model that the method reads."""

    d_model: int
    d_mlp: int
    layers: tuple[nn.Module, ...]
    """First layer first."""
    down_projections: tuple[nn.Module, ...]
    """One a layer, first layer first."""
    activations: tuple[nn.Module, ...]
    """The activation function of each layer's FFN."""
    arrivals: tuple[Arrival, ...]
    """How each layer's FFN joins the residual stream."""
    unembedding: nn.Module
    """What turns the last hidden states into logits."""
    final_norm: nn.Module
    """The norm in front of it."""

    @property
    def device(self) -> torch.device:
        """Where the unembedding is computed, and everything that is read of the model brought."""
        return computing_device(self.unembedding)

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return len(self.down_projections)

    def hooked(self, site: HookSite) -> tuple[nn.Module, ...]:
        """The module of each layer whose input (or output) is the activation at `site`."""
        return self.down_projections if site == "down_proj" else self.activations

    def token_rows(self, tokens: Sequence[int]) -> Tensor:
        """The unembedding's rows of some tokens, float32, shape (len(tokens), d_model)."""
        return output_rows(self.unembedding, tokens, self.d_model).to(self.device)

    def token_projections(self, tokens: Sequence[int], *, arriving: bool = True) -> Tensor:
        """What one unit of each neuron's activation adds to each token's logit, final norm aside.

        Args:
            tokens: token ids.
            arriving: count what arrives in the residual stream, but for the 1/rms of a norm in
                between, which differs from place to place; else what the down-projection writes.

        Returns:
            W_down^T (g ⊙ u_y) in float32, shape (n_layers, len(tokens), d_mlp), with g the gain
            of what follows the FFN.

        Source: Chen et al., NeuFS, contribution of a neuron to an answer token.
        """
        rows = self.token_rows(tokens)
        projected = []
        for module, arrival in zip(self.down_projections, self.arrivals, strict=True):
            weight = applied_weight(module, self.d_mlp)  # (d_model, d_mlp)
            pushed = rows * arrival.gain.to(self.device) if arriving else rows
            projected.append((pushed.to(weight.device) @ weight).to(self.device))
        return torch.stack(projected)


def find_architecture(model: PreTrainedModel) -> Architecture:
    """Find the FFNs of a model.

    Raises:
        ModelError: its FFNs are not where any known family has them, or it has no unembedding.
    """
    output = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    for layout in _LAYOUTS:
        try:
            layers = list(cast(nn.ModuleList, attrgetter(layout.layers)(model)))
            activations = tuple(attrgetter(layout.activation)(layer) for layer in layers)
            down_projections = tuple(attrgetter(layout.down_projection)(layer) for layer in layers)
            final_norm = cast(nn.Module, attrgetter(layout.final_norm)(model))
        except AttributeError:
            continue
        if output is None or not layers:
            break
        widths = {_d_mlp(module) for module in down_projections}
        if len(widths) > 1:
            raise ModelError(
                f"the layers of {type(model).__name__} have FFNs of different widths: "
                f"{', '.join(map(str, sorted(widths)))} neurons",
                hint="use a model whose layers are alike",
            )
        d_model = int(model.config.get_text_config().hidden_size)
        return Architecture(
            d_model=d_model,
            d_mlp=widths.pop(),
            layers=tuple(layers),
            down_projections=down_projections,
            activations=activations,
            arrivals=find_arrivals(layers, d_model),
            unembedding=output,
            final_norm=final_norm,
        )
    raise ModelError(
        f"the FFN of {type(model).__name__} is not where neufs-tui looks for it",
        hint="use a Llama, Qwen2, Qwen3, Mistral, Gemma or GPT-2 model",
    )


def _d_mlp(down_projection: nn.Module) -> int:
    """The width that a down-projection takes; of a quantised one the weight's shape says little."""
    if isinstance(down_projection, Conv1D):
        return int(down_projection.weight.shape[0])
    return int(cast(nn.Linear, down_projection).in_features)
