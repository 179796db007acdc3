"""A small copy of a model: its own code and layers of each kind, narrow, with random weights.

What a family's code makes of masks, caches and positions does not depend on how wide its layers
are, so the copy shows it in a moment, in float32 and on any machine. Its windows are short too, so
that short texts outgrow them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, sqrt
from typing import cast

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from neufs_tui.model.loading.small_config import small_config

_MOST_WEIGHTS = 1 << 29
"""Of a copy: two gigabytes."""
_N_TRIED = 5
"""Tokens of the pass by which a copy is tried."""
_SEED = 20_260_702
_GAIN = 1.5
"""Of the random weights: enough for attention to prefer some tokens clearly to others."""


def small_copy(model: PreTrainedModel, layers: Sequence[nn.Module]) -> PreTrainedModel:
    """Build a model of the same class and kinds of layers, in float32 on the CPU.

    Args:
        model: any; only its classes, configuration and way of attending are used.
        layers: its layers, first layer first.

    Returns:
        A model with a vocabulary of 256 and random weights, which are the same each time.

    Raises:
        ValueError: no configuration could be made that the class accepts; the cause says why.
    """
    kinds = [_kind(layer) for layer in layers]
    first = [kinds.index(kind) for kind in dict.fromkeys(kinds)]
    beginning = list(range(max(first, default=0) + 1))
    failure: Exception | None = None
    for kept, narrow in ((first, True), (beginning, True), (None, True), (first, False)):
        try:
            config = small_config(model.config, kept, narrow=narrow)
            with torch.device("meta"):
                n_weights = type(model)._from_config(config).num_parameters()  # type: ignore[no-untyped-call]
            if n_weights > _MOST_WEIGHTS:
                raise ValueError(f"it has {n_weights:,} weights")
            small = _built(type(model), config, model.config._attn_implementation)
            if missing := _kinds_of_modules(model) - _kinds_of_modules(small):
                raise ValueError(f"it has no {', '.join(sorted(missing))}")
            # Some numbers are found not to fit together by a pass alone
            small(input_ids=torch.arange(_N_TRIED)[None], use_cache=False)
            return small
        # Somebody else's constructor may fail in any way on numbers it was not made for
        except Exception as error:
            failure = failure or error
    raise ValueError(f"no small copy of {type(model).__name__} can be built") from failure


def _kind(layer: nn.Module) -> tuple[tuple[str, str], ...]:
    """What a layer is made of: its modules' names and classes."""
    return tuple((name, type(module).__name__) for name, module in layer.named_modules())


def _kinds_of_modules(model: nn.Module) -> set[str]:
    """Names of the classes its modules are of, but for how their weights are stored."""
    return {
        type(module).__name__
        for module in model.modules()
        if type(module).__module__.startswith("transformers.models")
    }


def _built(
    kind: type[PreTrainedModel], config: PretrainedConfig, attention: str
) -> PreTrainedModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model = cast(
            PreTrainedModel,
            kind._from_config(  # type: ignore[no-untyped-call]
                config, attn_implementation=attention, dtype=torch.float32
            ),
        )
        _randomise(model)
    return model.eval()  # type: ignore[no-untyped-call, no-any-return]


@torch.no_grad()
def _randomise(model: nn.Module) -> None:
    """Weights large enough for a token that sees what it should not to show it."""
    of_experts = {
        parameter
        for module in model.modules()
        for parameter in module.parameters(recurse=False)
        if parameter.ndim == 3 and not isinstance(module, nn.Conv1d)
    }
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            # Whether an expert's matrix is transposed is not known: its sides' mean will do
            fan_in = parameter[0].numel()
            fan_in = isqrt(fan_in) if parameter in of_experts else fan_in
            parameter.normal_(std=_GAIN / sqrt(fan_in))
        else:
            # Gains, biases and decays keep what the family begins with, roughly
            parameter.add_(0.1 * torch.randn_like(parameter))
