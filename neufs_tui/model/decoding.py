"""Token ids → what they read as, behind others and one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from transformers import PreTrainedTokenizerBase

from neufs_tui.core.exact_prompt import Stretch
from neufs_tui.model.text_encoding import TextEncoder

TAIL = 16
"""Tokens in front of others that tell how those read."""


class Decoder:
    """Decodes with one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, encoder: TextEncoder) -> None:
        """Bind the tokenizer, and what knows its control tokens."""
        self._tokenizer = tokenizer
        self._encoder = encoder

    def decode(self, ids: Sequence[int]) -> str:
        """What ids read as on their own."""
        decoded = self._tokenizer.decode([*ids], clean_up_tokenization_spaces=False)
        return cast(str, decoded)

    def stretches(self, ids: Sequence[int], start: int, end: int) -> Iterator[Stretch]:
        """Some ids of a prompt as they read in it, each control token apart."""

        def run(place: int) -> int:
            return place if self._encoder.n_control([ids[place]]) else -1

        for which, places in groupby(range(start, end), key=run):
            own = tuple(ids[place] for place in places)
            yield Stretch(
                own, self._read(ids[max(0, start - TAIL) : start], own), is_special=which >= 0
            )
            start += len(own)

    def pieces(self, before: Sequence[int], ids: Sequence[int]) -> tuple[Stretch, ...]:
        """Ids as they read behind others, one by one."""
        return tuple(
            Stretch((token,), self._read([*before, *ids[:place]], [token]))
            for place, token in enumerate(ids)
        )

    def _read(self, before: Sequence[int], ids: Sequence[int]) -> str:
        tail = before[-TAIL:]
        known, shown = self.decode(tail), self.decode([*tail, *ids])
        return shown[len(known) :] if shown.startswith(known) else self.decode(ids)
