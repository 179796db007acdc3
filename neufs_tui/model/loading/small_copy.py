"""A small copy of a model: its own code and layers of each kind, narrow, with random weights.

What a family's code makes of masks, caches and positions does not depend on how wide its layers
are, so the copy shows it in a moment, in float32 and on any machine. Its windows are short too, so
that short texts outgrow them.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, sqrt
from typing import Any, cast

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from neufs_tui.model.ways import window_fields

WINDOW = 32
"""Positions that its layers with a window see."""
ROPE_SWITCH = 34
"""Positions from which on LongRoPE changes its frequencies."""
_VOCABULARY = 256
_D_MLP = 48
_FEWEST_LAYERS = 2
_SEED = 20_260_702
_GAIN = 1.5
"""Of the random weights: enough for attention to prefer some tokens clearly to others."""

Fields = dict[str, Any]


def small_copy(model: PreTrainedModel) -> PreTrainedModel:
    """Build a model of the same class and kinds of layers, in float32 on the CPU.

    Args:
        model: any; only its class, configuration and way of attending are used.

    Returns:
        A model with a vocabulary of 256 and random weights, which are the same each time.

    Raises:
        ValueError: no configuration could be made that the class accepts; the cause says why.
    """
    failure: Exception | None = None
    for few_layers, narrow in ((True, True), (False, True), (True, False)):
        try:
            config = small_config(model.config, few_layers=few_layers, narrow=narrow)
            small = _built(type(model), config, model.config._attn_implementation)
            if missing := _kinds_of_modules(model) - _kinds_of_modules(small):
                raise ValueError(f"it has no {', '.join(sorted(missing))}")
            return small
        # Somebody else's constructor may fail in any way on numbers it was not made for
        except Exception as error:
            failure = failure or error
    raise ValueError(f"no small copy of {type(model).__name__} can be built") from failure


def small_config(
    config: PretrainedConfig, *, few_layers: bool = True, narrow: bool = True
) -> PretrainedConfig:
    """A configuration with the same kinds of layers, cut down.

    Args:
        config: of a whole model; in one that also sees or hears, every part is cut down.
        few_layers: keep the first layer of each kind, and two at least.
        narrow: keep the width of a head, and as few heads as keep their proportions.
    """
    fields = config.to_dict()
    text = config.get_text_config()
    for part, values in _parts(config, fields):
        is_text = part is text
        if few_layers:
            _keep_layers(values, _kinds(values) if is_text else [0], is_text=is_text)
        if narrow:
            _narrow(values, part, is_text=is_text)
        if is_text:
            _shrink_vocabulary(values)
            _shorten(values)
    return type(config).from_dict(fields)


def _parts(config: PretrainedConfig, fields: Fields) -> Iterator[tuple[PretrainedConfig, Fields]]:
    """A configuration and those inside it, each with its own fields."""
    yield config, fields
    for name in config.sub_configs:
        inner = getattr(config, name, None)
        if isinstance(inner, PretrainedConfig) and isinstance(fields.get(name), dict):
            yield from _parts(inner, fields[name])


def _n_layers(fields: Fields) -> tuple[str, int] | None:
    for name in ("num_hidden_layers", "n_layer", "num_layers", "n_layers"):
        if isinstance(fields.get(name), int):
            return name, fields[name]
    return None


def _kinds(fields: Fields) -> list[int]:
    """The first layer of each kind, by what the configuration lists layer by layer."""
    found = _n_layers(fields)
    if found is None:
        return []
    _, n_layers = found
    n_shared = fields.get("num_kv_shared_layers") or 0
    listed = [value for value in fields.values() if _is_listed(value, n_layers)]
    mapped = [_by_layer(value) for value in fields.values() if _is_mapped(value)]
    first: dict[str, int] = {}
    for layer in range(n_layers):
        own = [*(values[layer] for values in listed), *(values.get(layer) for values in mapped)]
        first.setdefault(repr([layer >= n_layers - n_shared, *own]), layer)
    chosen = sorted(first.values())
    others = [layer for layer in range(n_layers) if layer not in chosen]
    return sorted(chosen + others[: max(0, _FEWEST_LAYERS - len(chosen))])


def _keep_layers(fields: Fields, chosen: list[int], *, is_text: bool) -> None:
    found = _n_layers(fields)
    if found is None or not chosen:
        return
    name, n_layers = found
    for field, value in list(fields.items()):
        if _is_listed(value, n_layers):
            fields[field] = [value[layer] for layer in chosen]
        elif _is_mapped(value):
            own = _by_layer(value)
            kept = {new: own.get(layer) for new, layer in enumerate(chosen)}
            fields[field] = {new: one for new, one in kept.items() if one is not None}
    if n_shared := fields.get("num_kv_shared_layers") if is_text else 0:
        fields["num_kv_shared_layers"] = sum(layer >= n_layers - n_shared for layer in chosen)
    fields[name] = len(chosen)


def _is_listed(value: object, n_layers: int) -> bool:
    """Whether a field says something of each layer."""
    return isinstance(value, list | tuple) and len(value) == n_layers


def _is_mapped(value: object) -> bool:
    """Whether a field says something of some layers, by their numbers."""
    return isinstance(value, dict) and bool(value) and all(str(key).isdigit() for key in value)


def _by_layer(value: Fields) -> dict[int, object]:
    return {int(layer): own for layer, own in value.items()}


def _narrow(fields: Fields, config: PretrainedConfig, *, is_text: bool) -> None:
    widths = [name for name in fields if name.endswith(("intermediate_size", "n_inner", "ffn_dim"))]
    for name in widths:
        fields[name] = _narrowed(fields[name])
    if not is_text:
        return
    names = {"hidden_size", "num_attention_heads", "num_key_value_heads"}
    own = {name: config.attribute_map.get(name, name) for name in names}
    d_model, n_heads = fields.get(own["hidden_size"]), fields.get(own["num_attention_heads"])
    if not isinstance(d_model, int) or not isinstance(n_heads, int):
        return
    d_head = fields.get("head_dim") or d_model // n_heads
    groups = [
        [own["num_attention_heads"], own["num_key_value_heads"], "num_global_key_value_heads"],
        ["linear_num_key_heads", "linear_num_value_heads"],
    ]
    for group in groups:
        _proportional([name for name in group if isinstance(fields.get(name), int)], fields)
    fields[own["hidden_size"]] = d_head * fields[own["num_attention_heads"]]


def _narrowed(width: object) -> object:
    """A width of an FFN cut down; unequal ones stay unequal."""
    if isinstance(width, list | tuple):
        distinct = sorted(set(width))
        return [_D_MLP * (1 + distinct.index(one)) for one in width]
    return _D_MLP if isinstance(width, int) else width


def _proportional(names: list[str], fields: Fields) -> None:
    """Divide numbers of heads by what they have in common, but keep two of the most numerous."""
    if not names:
        return
    common = gcd(*(fields[name] for name in names))
    if max(fields[name] for name in names) == common > 1:
        common //= 2 if common % 2 == 0 else common
    for name in names:
        fields[name] //= common


def _shrink_vocabulary(fields: Fields) -> None:
    for name in [name for name in fields if name.startswith("vocab_size")]:
        fields[name] = _VOCABULARY
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        if fields.get(name) is not None:
            fields[name] = 0


def _shorten(fields: Fields) -> None:
    """Windows that short texts outgrow, where the model's own texts may outgrow its own."""
    longest = fields.get("max_position_embeddings")
    for name in window_fields(fields):
        if longest is None or WINDOW < fields[name] < longest:
            fields[name] = WINDOW
    rope = fields.get("rope_parameters") or {}
    for kind in (rope, *(inner for inner in rope.values() if isinstance(inner, dict))):
        if kind.get("rope_type") == "longrope":
            kind["original_max_position_embeddings"] = ROPE_SWITCH


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
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            fan_in = parameter[0].numel()
            parameter.normal_(std=_GAIN / sqrt(fan_in))
        else:
            # Gains, biases and decays keep what the family begins with, roughly
            parameter.add_(0.1 * torch.randn_like(parameter))
