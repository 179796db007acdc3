"""Every beginning of every candidate by a pass of its own: slow, and right by definition."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.answers import AnswerTree
from neufs_tui.model.expanded import Recorded
from neufs_tui.model.hidden_states import HiddenStates
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.recording import joined, record_activations


def read_plain(
    loaded: LoadedModel,
    answers: AnswerTree,
    settings: CaptureSettings,
    prompts: Sequence[tuple[int, ...]],
    hidden: HiddenStates | None = None,
) -> Recorded:
    """Read each slot of the answer tree at the end of a sequence, without mask or cache.

    Args:
        loaded: the model.
        answers: the candidates.
        settings: where activations are read, and which tokens are hidden.
        prompts: token ids of each prompt.
        hidden: takes in the prompts' hidden states; None where they are not wanted.

    Returns:
        Every slot of every prompt, once.
    """
    paths: dict[int, tuple[int, ...]] = {}
    for candidate, slots in zip(answers.candidates, answers.candidate_slots.tolist(), strict=True):
        paths |= {slot: candidate[:length] for length, slot in enumerate(slots[: len(candidate)])}
    home = loaded.architecture.device
    rows, slots, logits, activations = [], [], [], []
    for row, prompt in enumerate(prompts):
        for slot, path in paths.items():
            ids = torch.tensor([prompt + path], device=loaded.model.device)
            is_pad = ids == loaded.pad_id
            mask = (~is_pad).long() if settings.mask_pad_tokens and is_pad.any() else None
            last = torch.tensor([ids.shape[1] - 1])
            listening: AbstractContextManager[None] = nullcontext()
            if hidden is not None and slot == 0:
                listening = hidden.during(
                    torch.full((len(prompt),), row), torch.arange(len(prompt))
                )
            with listening, record_activations(loaded.architecture, settings, last) as recorder:
                output = loaded.model(input_ids=ids, attention_mask=mask, use_cache=False)
            rows.append(row)
            slots.append(slot)
            logits.append(output.logits[0].to(home))
            activations.append([layer.to(home) for layer in recorder.activations()])
    return Recorded(
        rows=torch.tensor(rows),
        slots=torch.tensor(slots),
        logits=torch.cat(logits),
        activations=[joined(layer) for layer in zip(*activations, strict=True)],
    )
