"""The beginning that all prompts of a task share, read once into a KV cache."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache

from neufs_tui.model.loading import LoadedModel

MIN_LENGTH = 16
"""Tokens below which sharing costs more than it saves."""


class PromptPrefix:
    """Keys and values of one token sequence, to be continued by many."""

    def __init__(self, loaded: LoadedModel, ids: Sequence[int], *, mask_pad_tokens: bool) -> None:
        """Read the tokens.

        Args:
            loaded: the model; its layers see everything that is read, no sliding window.
            ids: the shared tokens.
            mask_pad_tokens: hide tokens equal to the pad token, as the reference does.
        """
        self.ids = tuple(ids)
        device = loaded.model.device
        tokens = torch.tensor([self.ids], device=device)
        visible = tokens != loaded.pad_id if mask_pad_tokens else torch.ones_like(tokens).bool()
        self.visible = visible[0].cpu()
        """Which of the tokens may be attended to, bool, shape (length,)."""
        with torch.inference_mode():
            output = loaded.model(
                input_ids=tokens,
                attention_mask=visible.long(),
                position_ids=torch.arange(len(self.ids), device=device)[None],
                past_key_values=DynamicCache(),
                use_cache=True,
                logits_to_keep=1,
            )
        self._layers: list[tuple[Tensor, Tensor]] = [
            (layer.keys, layer.values) for layer in output.past_key_values.layers
        ]

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
