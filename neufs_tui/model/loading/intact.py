"""Whether what was loaded is the checkpoint's own, all of it, and fits together."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoModelForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from neufs_tui.core.text import plural
from neufs_tui.errors import ModelError

logger = logging.getLogger(__name__)

_BELONGING = "check that config.json and the weights belong together and are complete"
_SHOWN = 3
"""Names listed of many."""
_NO_ADAPTER = {"subfolder": "no adapter is looked for"}
"""With peft installed, transformers puts on an adapter that lies beside the weights, unasked."""
_PLAIN = {torch.float32, torch.bfloat16, torch.float16}


def refuse_other_kinds(name: str, config: PretrainedConfig) -> None:
    """Refuse what is no decoder-only causal language model.

    Raises:
        ModelError: it has an encoder, or no language model's head.
    """
    auto_map = getattr(config, "auto_map", None) or {}
    is_causal = type(config) in MODEL_FOR_CAUSAL_LM_MAPPING or "AutoModelForCausalLM" in auto_map
    if not is_causal or getattr(config, "is_encoder_decoder", False):
        raise ModelError(
            f"{name} is of the type {config.model_type!r}, which is no decoder-only causal "
            "language model",
            hint="use a Llama, Qwen2, Qwen3, Mistral, Gemma or GPT-2 model",
        )


def whole_model(name: str, location: str | Path, **options: Any) -> PreTrainedModel:
    """Read a model's weights, and refuse it unless it is what its checkpoint holds.

    Args:
        name: as the user named it.
        location: a folder, or a hub id.
        options: what else `from_pretrained` is given.

    Raises:
        ModelError: weights are missing, so that they would be random; or have another shape; or
            have no place, so that a layer or a bias would be left out; or are not finite.
    """
    model, loading_info = cast(
        "tuple[PreTrainedModel, dict[str, Any]]",
        AutoModelForCausalLM.from_pretrained(
            location,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            adapter_kwargs=_NO_ADAPTER,
            **options,
        ),
    )
    missing = _unfilled(model, loading_info["missing_keys"])
    if missing:
        raise ModelError(
            f"the checkpoint of {name} lacks {counted(missing, 'weight')}, which would be random",
            hint=_BELONGING,
        )
    mismatched = sorted(loading_info["mismatched_keys"])
    if mismatched:
        (key, there, here), keys = mismatched[0], [key for key, *_ in mismatched]
        raise ModelError(
            f"the checkpoint of {name} has {counted(keys, 'weight')} of another shape than its "
            f"config.json says: {key} is {tuple(there)}, not {tuple(here)}",
            hint=_BELONGING,
        )
    unexpected = sorted(loading_info["unexpected_keys"])
    if unexpected:
        logger.warning("not read of %s: %s", name, ", ".join(unexpected))
    misplaced = _misplaced(model, unexpected)
    if misplaced:
        raise ModelError(
            f"the checkpoint of {name} has {counted(misplaced, 'weight')} without a place in the "
            "model that its config.json describes",
            hint=_BELONGING,
        )
    refuse_broken_numbers(name, model)
    return model


def refuse_broken_numbers(name: str, model: PreTrainedModel) -> None:
    """Refuse a model with a weight that is no number.

    Raises:
        ModelError: a weight is nan or infinite.
    """
    broken = [key for key, weight in model.named_parameters() if not _is_finite(weight)]
    if broken:
        dtype = str(model.dtype).removeprefix("torch.")
        raise ModelError(
            f"{name}, read in {dtype}, has {counted(broken, 'weight')} with nan or inf",
            hint=_BELONGING if dtype == "float32" else "try --dtype float32",
        )


def refuse_other_tokenizer(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Refuse a tokenizer that reads nothing, or whose tokens the model does not have.

    Raises:
        ModelError: it does not read text, or the embedding has no row for a token that a prompt
            may hold.
    """
    if "a" not in tokenizer.decode(tokenizer.encode("a", add_special_tokens=False)):
        raise ModelError(
            f"the tokenizer of {name} does not read text: its vocabulary is missing",
            hint="copy or save the tokenizer's files beside the weights",
        )
    n_rows = embedding_rows(model)
    beyond = {token for token, token_id in tokenizer.get_vocab().items() if token_id >= n_rows}
    # Tokens that were added later may lie beyond, such as an image's, if no prompt holds them
    in_prompts = f"{tokenizer.chat_template} {tokenizer.bos_token}"
    added = tokenizer.get_added_vocab()
    wanted = sorted(token for token in beyond if token not in added or token in in_prompts)
    if wanted:
        raise ModelError(
            f"the tokenizer of {name} has {counted(wanted, 'token')} beyond the {n_rows:,} rows "
            "of its embedding",
            hint="use the tokenizer that the model was trained with",
        )


def embedding_rows(model: PreTrainedModel) -> int:
    """Number of tokens that the model has an embedding of."""
    return cast(nn.Embedding, model.get_input_embeddings()).weight.shape[0]


def _unfilled(model: PreTrainedModel, missing: Iterable[str]) -> list[str]:
    """The missing weights that are not another one's under a second name."""
    names: dict[int, set[str]] = defaultdict(set)
    for name, weight in model.named_parameters(remove_duplicate=False):
        names[id(weight)].add(name)
    absent = set(missing)
    filled = {name for shared in names.values() if not shared <= absent for name in shared}
    return sorted(absent - filled)


def _misplaced(model: PreTrainedModel, unexpected: Sequence[str]) -> list[str]:
    """Weights and biases of layers that the model does not have, though it has the layers.

    A quantised checkpoint may hold biases that are nothing, and layers that only predict further
    tokens are rightly left out.
    """
    config = model.config.get_text_config()
    if getattr(model.config, "quantization_config", None) is not None:
        return []
    ahead = getattr(config, "num_nextn_predict_layers", None) or 0
    lists = {
        name: len(module)
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList)
    }
    found = []
    for key in unexpected:
        place = re.match(r"(.+?)\.(\d+)\..*\b(weight|bias)$", key)
        if place is None or place[1] not in lists:
            continue
        if not lists[place[1]] <= int(place[2]) < lists[place[1]] + ahead:
            found.append(key)
    return found


def _is_finite(weight: nn.Parameter) -> bool:
    # Packed weights may call themselves float32, and lack most operations
    if weight.is_meta or type(weight) is not nn.Parameter or weight.dtype not in _PLAIN:
        return True
    return bool(torch.isfinite(weight.detach().sum(dtype=torch.float32)))


def counted(names: Sequence[str], noun: str) -> str:
    """How many there are, and the first of them by name."""
    more = ", …" if len(names) > _SHOWN else ""
    return f"{plural(len(names), noun)} ({', '.join(names[:_SHOWN])}{more})"
