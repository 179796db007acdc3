"""The beginning that all prompts of a task share, read once into a KV cache and extended."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache

from neufs_tui.model.loaded import LoadedModel

MIN_LENGTH = 16
"""Tokens below which sharing costs more than it saves."""


class PromptPrefix:
    """Keys and values of one token sequence, to be continued by many.

    It may be exchanged for another sequence: what both begin with is kept, so a demonstration
    added at the end costs its own tokens, and taking it back costs none.
    """

    def __init__(self, loaded: LoadedModel, *, mask_pad_tokens: bool, chunk: int) -> None:
        """Begin with nothing.

        Args:
            loaded: the model; its layers see everything that is read, no sliding window.
            mask_pad_tokens: hide tokens equal to the pad token, as the reference does.
            chunk: tokens read in one pass.
        """
        self._loaded = loaded
        self._chunk = chunk
        self._mask_pad_tokens = mask_pad_tokens
        self._layers: list[tuple[Tensor, Tensor]] = []
        self.ids: tuple[int, ...] = ()
        self.visible = torch.ones(0, dtype=torch.bool)
        """Which of the tokens may be attended to, bool, shape (length,)."""

    def become(self, ids: Sequence[int]) -> int:
        """Hold this sequence from now on.

        Returns:
            How many tokens had to be read for it.
        """
        kept = len(common_beginning([self.ids, ids]))
        fresh = len(ids) - kept
        self._layers = [(keys[:, :, :kept], values[:, :, :kept]) for keys, values in self._layers]
        self.ids = tuple(ids)
        tokens = torch.tensor(self.ids, dtype=torch.long)
        hidden = tokens == self._loaded.pad_id
        self.visible = ~hidden if self._mask_pad_tokens else torch.ones_like(hidden)
        for start in range(kept, len(ids), self._chunk):
            self._extend(tokens, start, min(start + self._chunk, len(ids)))
        return fresh

    def _extend(self, tokens: Tensor, start: int, end: int) -> None:
        device = self._loaded.model.device
        with torch.inference_mode():
            output = self._loaded.model(
                input_ids=tokens[None, start:end].to(device),
                attention_mask=self.visible[None, :end].long().to(device),
                position_ids=torch.arange(start, end, device=device)[None],
                past_key_values=DynamicCache(self._layers) if start else DynamicCache(),
                use_cache=True,
                logits_to_keep=1,
            )
        self._layers = [(layer.keys, layer.values) for layer in output.past_key_values.layers]

    def __len__(self) -> int:
        """Length in tokens."""
        return len(self.ids)

    def begins(self, prompts: Sequence[Sequence[int]]) -> bool:
        """Whether every prompt begins with these tokens and goes on behind them."""
        length = len(self.ids)
        return all(len(ids) > length and tuple(ids[:length]) == self.ids for ids in prompts)

    def cache(self, n_rows: int) -> DynamicCache:
        """A cache for a batch of n_rows continuations; it may be written to."""
        return DynamicCache(
            [
                (keys.expand(n_rows, -1, -1, -1), values.expand(n_rows, -1, -1, -1))
                for keys, values in self._layers
            ]
        )


def common_beginning(sequences: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The longest sequence of tokens with which all of them begin."""
    shared: list[int] = []
    for tokens in zip(*sequences, strict=False):
        if len(set(tokens)) > 1:
            break
        shared.append(tokens[0])
    return tuple(shared)
