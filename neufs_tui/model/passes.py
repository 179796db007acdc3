"""Forward passes over packed columns, each seeing what the passes before it have read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from transformers import DynamicCache

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.hidden_states import HiddenStates
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.packing import NOTHING, Columns, attention
from neufs_tui.model.prefix import PromptPrefix
from neufs_tui.model.recording import Activations, joined, record_activations

CHUNK = 1024
"""Columns of a sequence read in one pass: what bounds the memory of a long text."""


class Passes:
    """Reads columns of a fixed number of sequences, piece by piece."""

    def __init__(
        self,
        loaded: LoadedModel,
        settings: CaptureSettings,
        visible: Tensor,
        prefix: PromptPrefix | None,
        *,
        n_sequences: int,
        once: bool,
        hidden: HiddenStates | None = None,
        chunk: int = CHUNK,
    ) -> None:
        """Begin with nothing read but the prefix.

        Args:
            loaded: the model.
            settings: where activations are read, and which tokens are hidden.
            visible: which slot of the answer tree sees which, bool, shape (slot, slot).
            prefix: what every prompt begins with, read already.
            n_sequences: sequences of every layout.
            once: there will be one layout only.
            hidden: takes in the prompts' hidden states; None where they are not wanted.
            chunk: columns read in one pass.
        """
        self._loaded = loaded
        self._settings = settings
        self._device = loaded.model.device
        self._visible = visible.to(self._device)
        self._prefix = prefix
        self._once = once
        self._hidden = hidden
        self._chunk = chunk
        self._cache = prefix.cache(n_sequences) if prefix else None
        self._seen: Columns | None = None
        self._rows: list[Tensor] = []
        self._slots: list[Tensor] = []
        self._activations: list[list[Activations]] = []

    def read(self, columns: Columns) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Read a layout, chunk by chunk.

        Yields:
            For each pass with slots in it: their rows (place,), the slots (place,), both on the
            CPU, and their logits, shape (place, vocabulary).
        """
        width = columns.ids.shape[1]
        if self._cache is None and not (self._once and width <= self._chunk):
            self._cache = DynamicCache()
        for start in range(0, width, self._chunk):
            part = columns[slice(start, start + self._chunk)]
            here = part.to(self._device)
            self._seen = here if self._seen is None else self._seen.beside(here)
            places = (part.slots.flatten() != NOTHING).nonzero()[:, 0]
            with self._listening(part):
                logits = self._forward(here, self._seen, places)
            if len(places):
                self._rows.append(part.rows.flatten()[places])
                self._slots.append(part.slots.flatten()[places])
                yield self._rows[-1], self._slots[-1], logits

    def recorded(self) -> tuple[Tensor, Tensor, list[Activations]]:
        """All slots read so far: rows (place,), slots (place,), and those of each layer."""
        home = self._loaded.architecture.device
        by_layer = zip(*self._activations, strict=True)
        activations = [joined([part.to(home) for part in layer]) for layer in by_layer]
        return torch.cat(self._rows), torch.cat(self._slots), activations

    def _listening(self, part: Columns) -> AbstractContextManager[None]:
        if self._hidden is None:
            return nullcontext()
        return self._hidden.during(part.rows.flatten(), part.positions.flatten())

    def _forward(self, queries: Columns, keys: Columns, places: Tensor) -> Tensor:
        architecture = self._loaded.architecture
        with record_activations(architecture, self._settings, places) as recorder:
            output = self._loaded.model(
                input_ids=queries.ids,
                attention_mask=self._bias(queries, keys),
                position_ids=queries.positions,
                past_key_values=self._cache,
                use_cache=self._cache is not None,
            )
        if len(places):
            self._activations.append(recorder.activations())
        logits: Tensor = output.logits[0]
        return logits

    def _bias(self, queries: Columns, keys: Columns) -> Tensor:
        """What is added to attention logits, shape (sequence, 1, q, prefix + k)."""
        allowed = attention(queries, keys, self._visible)
        if self._settings.mask_pad_tokens:
            allowed &= (keys.ids != self._loaded.pad_id)[:, None, :]
        if self._prefix is not None:
            shared = self._prefix.visible.to(self._device)
            allowed = torch.cat([shared.expand(*allowed.shape[:2], -1), allowed], dim=2)
        # A query that may see nothing sees everything: softmax over nothing is not a number
        allowed |= ~allowed.any(dim=2, keepdim=True)
        bias = torch.zeros(allowed.shape, dtype=self._loaded.model.dtype, device=allowed.device)
        return bias.masked_fill_(~allowed, torch.finfo(bias.dtype).min)[:, None]
