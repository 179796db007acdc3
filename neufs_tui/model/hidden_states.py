"""What a model holds of a text at about seven eighths of its depth, taken from passes made anyway.

Two vectors a prompt: the residual stream at the last position, where the answer begins, and its
mean over the text's tokens. Each position's is divided by its root mean square first, as the
norms of the layers behind it do, so that no position outweighs the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS
from neufs_tui.model.families.architecture import Architecture

DEPTH = 0.875
"""Share of the layers behind which the residual stream is taken."""
_SEED = 0
"""Of the projection, which is the same for all models of one width."""

Span = tuple[int, int]
"""From a text's first token in its prompt to the one behind its last."""


class HiddenStates:
    """Takes in the passes over a batch of prompts, in whatever pieces they are read."""

    def __init__(
        self, architecture: Architecture, spans: Sequence[Span], lengths: Sequence[int]
    ) -> None:
        """Begin with nothing.

        Args:
            architecture: the model's parts.
            spans: where each prompt's text is.
            lengths: tokens of each prompt.
        """
        n_layers = architecture.n_layers
        self._layer = architecture.layers[max(1, int(DEPTH * n_layers)) - 1]
        self._home = architecture.device
        self._starts, self._ends = torch.tensor(spans).T
        self._last = torch.tensor(lengths) - 1
        shape = (len(lengths), architecture.d_model)
        self._at_end = torch.zeros(shape, device=self._home)
        self._sums = torch.zeros(shape, device=self._home)
        self._counts = torch.zeros(len(lengths), 1, device=self._home)

    @contextmanager
    def during(self, rows: Tensor, positions: Tensor) -> Iterator[None]:
        """Take in a forward pass.

        Args:
            rows: the prompt of each of the batch's positions, sequence after sequence, negative
                for padding, shape (place,), on the CPU.
            positions: each one's place in its prompt, same shape; behind the prompt's end for
                tokens of an answer.
        """
        own = rows.clamp(min=0)
        inside = (rows >= 0) & (positions >= self._starts[own]) & (positions < self._ends[own])
        text, last = (
            found.nonzero()[:, 0]
            for found in (inside, (rows >= 0) & (positions == self._last[own]))
        )

        def take(_: nn.Module, args: object, out: Tensor | tuple[Tensor, ...]) -> None:
            states = (out if isinstance(out, Tensor) else out[0]).detach().flatten(0, 1)
            self._sums.index_add_(0, own[text].to(self._home), self._normed(states, text))
            self._at_end[own[last].to(self._home)] = self._normed(states, last)

        self._counts.index_add_(
            0, own[text].to(self._home), torch.ones(len(text), 1, device=self._home)
        )
        handle = self._layer.register_forward_hook(take)
        try:
            yield
        finally:
            handle.remove()

    def projected(self) -> Tensor:
        """Both vectors of each prompt, at the end and the mean, shape (row, 2, 256), float32.

        Where a prompt has no text, the mean is that of its end alone.
        """
        mean = torch.where(self._counts > 0, self._sums / self._counts.clamp(min=1), self._at_end)
        both = torch.stack([self._at_end, mean], dim=1)
        return both @ projection(both.shape[2]).to(self._home)

    def _normed(self, states: Tensor, places: Tensor) -> Tensor:
        """Some positions' vectors with a mean square of 1."""
        chosen = states.index_select(0, places.to(states.device)).float().to(self._home)
        return nn.functional.rms_norm(chosen, chosen.shape[1:])


def projection(d_model: int) -> Tensor:
    """A random projection to fewer dimensions, the same on every machine.

    Distances are kept nearly (Johnson and Lindenstrauss 1984): entries are ±1/√256.

    Returns:
        Float32, shape (d_model, 256).
    """
    generator = torch.Generator().manual_seed(_SEED)
    signs = torch.randint(0, 2, (d_model, HIDDEN_DIMENSIONS), generator=generator) * 2 - 1
    return signs.float() / math.sqrt(HIDDEN_DIMENSIONS)
