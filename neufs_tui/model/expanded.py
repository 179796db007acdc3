"""Each candidate read behind its own copy of the prompts' cache.

For models whose layers see a sliding window, or whose attention takes no mask of our own.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import AnswerTree
from neufs_tui.model.hidden_states import HiddenStates
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.packing import NOTHING
from neufs_tui.model.recording import Activations, joined, record_activations


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What was computed at the slots of an answer tree."""

    rows: Tensor
    """Shape (place,), on the CPU."""
    slots: Tensor
    """Shape (place,), on the CPU."""
    logits: Tensor
    """Shape (place, vocabulary)."""
    activations: list[Activations]
    """Per layer."""


def read_expanded(
    loaded: LoadedModel,
    answers: AnswerTree,
    settings: CaptureSettings,
    prompts: Sequence[tuple[int, ...]],
    hidden: HiddenStates | None = None,
) -> Recorded:
    """Read the prompts once, then each candidate behind them.

    Args:
        loaded: the model.
        answers: the candidates.
        settings: where activations are read, and which tokens are hidden.
        prompts: token ids of each prompt.
        hidden: takes in the prompts' hidden states; None where they are not wanted.

    Returns:
        Every slot of every prompt, once.
    """
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), longest), loaded.pad_id)
    real = torch.zeros(len(prompts), longest, dtype=torch.bool)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        real[row, longest - len(prompt) :] = True
    positions = (real.long().cumsum(dim=1) - 1).clamp(min=0)
    everyone = torch.arange(len(prompts))
    cache = DynamicCache(config=loaded.model.config)

    def forward(
        ids: Tensor, real: Tensor, positions: Tensor, cache: DynamicCache, at: list[tuple[int, int]]
    ) -> Recorded:
        """Read the columns that have positions; record (column, slot) of every row."""
        width = positions.shape[1]
        columns, slots = torch.tensor(at).T
        places = (everyone[:, None] * width + columns).flatten()
        mask = (ids != loaded.pad_id) if settings.mask_pad_tokens else real
        with record_activations(loaded.architecture, settings, places) as recorder:
            output = loaded.model(
                input_ids=ids[:, -width:].to(loaded.model.device),
                attention_mask=mask.long().to(loaded.model.device),
                position_ids=positions.to(loaded.model.device),
                past_key_values=cache,
                use_cache=True,
            )
        home = loaded.architecture.device
        return Recorded(
            rows=everyone.repeat_interleave(len(at)),
            slots=slots.repeat(len(prompts)),
            logits=output.logits[0].to(home),
            activations=[layer.to(home) for layer in recorder.activations()],
        )

    rows = torch.where(real, everyone[:, None], NOTHING)
    with hidden.during(rows.flatten(), positions.flatten()) if hidden else nullcontext():
        parts = [forward(ids, real, positions, cache, [(longest - 1, 0)])]
    read = {0}
    for candidate, slots in zip(answers.candidates, answers.candidate_slots.tolist(), strict=True):
        own = slots[1 : len(candidate)]
        fresh = [(column, slot) for column, slot in enumerate(own) if slot not in read]
        if not fresh:
            continue
        read.update(own)
        tokens = torch.tensor(candidate[:-1]).expand(len(prompts), -1)
        parts.append(
            forward(
                torch.cat([ids, tokens], dim=1),
                torch.cat([real, torch.ones_like(tokens, dtype=torch.bool)], dim=1),
                positions[:, -1:] + 1 + torch.arange(tokens.shape[1]),
                # It is written to, and a sliding one cannot be cropped to what it was
                copy.deepcopy(cache),
                fresh,
            )
        )
    return Recorded(
        rows=torch.cat([part.rows for part in parts]),
        slots=torch.cat([part.slots for part in parts]),
        logits=torch.cat([part.logits for part in parts]),
        activations=[
            joined(layer) for layer in zip(*(part.activations for part in parts), strict=True)
        ],
    )
