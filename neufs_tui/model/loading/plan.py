"""How a model's weights will be read, decided before any of them is: packed or not, and whether
there is room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loading.checkpoint import find_damage, weight_files
from neufs_tui.model.loading.free_memory import FreeMemory, free_memory
from neufs_tui.model.loading.memory_needed import (
    ITEM_BYTES,
    Need,
    Weights,
    batch_bytes,
    count_weights,
    stored_bytes,
)
from neufs_tui.model.loading.quantisation import (
    Quantisation,
    find_quantisation,
    only_dtype,
    refuse_unreadable,
)
from neufs_tui.model.loading.sources import Source


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """How the weights are read."""

    dtype: str
    """In which they compute; packed ones may leave no choice."""
    told: str
    """What is shown meanwhile."""
    options: dict[str, Any]
    """What `from_pretrained` is told beside it."""

    def settle(self, model: PreTrainedModel) -> None:
        """Bring what was stored plain beside unpacked weights to the model's dtype."""
        if not self.options:
            return
        dtype = getattr(torch, self.dtype)
        kept = set(model._keep_in_fp32_modules_strict or ())
        if dtype is torch.float16:
            kept |= set(model._keep_in_fp32_modules or ())
        for name, weight in model.named_parameters():
            if weight.is_floating_point() and not weight.is_meta and not kept & {*name.split(".")}:
                weight.data = weight.data.to(dtype)


def plan_reading(
    choice: ModelChoice,
    source: Source,
    config: PretrainedConfig,
    device: str,
    dtype: str,
    free: Callable[[], FreeMemory] = free_memory,
) -> ReadingPlan:
    """Decide how weights are read.

    Args:
        choice: which model, and how.
        source: where its files are.
        config: of the model.
        device: where it is to compute, unless it is spread.
        dtype: in which, if the checkpoint leaves a choice.
        free: tells the memory that is free.

    Raises:
        ModelError: the checkpoint is quantised in a way that is not read here, or there is not
            enough memory.
    """
    quantisation = find_quantisation(config)
    place = "auto" if choice.device_map else device
    if quantisation is not None:
        refuse_unreadable(choice.name, quantisation, place, has_cuda=torch.cuda.is_available())
        dtype = _its_dtype(choice, quantisation, config, device, dtype)
    told = f"reading the weights ({dtype}, {device})"
    options = quantisation.reading_options() if quantisation else {}
    need = _need(source, config, quantisation, "cuda:0" if place == "cuda" else place, dtype)
    if need is not None:
        now = free()
        if not need.fits(now) and not _may_stay_on_disk(choice, quantisation, need.weights):
            raise find_damage(source.folder) or need.refusal(choice.name, now)
        told = need.told(now)
    return ReadingPlan(dtype, told, options)


def _its_dtype(
    choice: ModelChoice,
    quantisation: Quantisation,
    config: PretrainedConfig,
    device: str,
    dtype: str,
) -> str:
    """The dtype that packed layers compute in, else the one asked for or chosen."""
    only = only_dtype(quantisation, config, device)
    if only not in ITEM_BYTES:
        return dtype
    if choice.dtype not in {None, only}:
        raise ModelError(
            f"{choice.name} is quantised by {quantisation.method.label} and computes in {only}, "
            f"not in {choice.dtype}",
            hint=f"leave --dtype out, or say --dtype {only}",
        )
    return only


def _need(
    source: Source,
    config: PretrainedConfig,
    quantisation: Quantisation | None,
    device: str,
    dtype: str,
) -> Need | None:
    """What the weights and a small batch take, if it can be told."""
    weights = count_weights(config)
    if weights is None:
        return None
    batch = batch_bytes(config, dtype)
    if quantisation is None or quantisation.unpacked != "never":
        n_bytes = weights.n * ITEM_BYTES[dtype]
        label = quantisation.method.label if quantisation else ""
        return Need(weights, n_bytes + batch, dtype, device, unpacked_from=label)
    packed = stored_bytes(weight_files(source.folder), dtype)
    if packed is None and quantisation.bits is not None:
        packed = weights.quantised_bytes(quantisation.bits)
    if packed is None:
        return None
    return Need(weights, packed + batch, dtype, device, packed_as=quantisation.method.label)


def _may_stay_on_disk(
    choice: ModelChoice, quantisation: Quantisation | None, weights: Weights
) -> bool:
    """Whether weights without room are read from their files in each pass.

    Experts are put together while they are read, so that no file has them as they are used.
    """
    return bool(choice.device_map) and quantisation is None and not weights.n_experts
