"""A small copy of a model: its own code and layers of each kind, narrow, with random weights.

What a family's code makes of masks, caches and positions does not depend on how wide its layers
are, so the copy shows it in a moment, in float32 and on any machine. Its windows are short too, so
that short texts outgrow them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd, isqrt, sqrt
from typing import Any, cast

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from neufs_tui.model.families.architecture import N_ROUTED
from neufs_tui.model.ways import window_fields

WINDOW = 32
"""Positions that its layers with a window see."""
ROPE_SWITCH = 34
"""Positions from which on LongRoPE changes its frequencies."""
_VOCABULARY = 256
_D_MLP = 48
_FEWEST_LAYERS = 2
_N_HEADS = 4
_STATE_HEADS = (
    ("mamba_n_heads", "mamba_d_head", "mamba_expand"),
    ("mamba_num_heads", "mamba_head_dim", "expand"),
    ("n_mamba_heads", "mamba_headdim", "mamba_expand"),
)
"""Names of the number of heads, their width and how much wider they are together than the stream:
Bamba, Granite; Nemotron-H; Zamba."""
_WIDTHS = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size")
_MOST_WEIGHTS = 1 << 29
"""Of a copy: two gigabytes."""
_N_TRIED = 5
"""Tokens of the pass by which a copy is tried."""
_FIRST_LAYERS = ("first_k_dense_replace", "num_dense_layers")
"""How many of the first layers have no experts."""
_N_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_SEED = 20_260_702
_GAIN = 1.5
"""Of the random weights: enough for attention to prefer some tokens clearly to others."""

Fields = dict[str, Any]


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


def small_config(
    config: PretrainedConfig, kept: Sequence[int] | None = (), *, narrow: bool = True
) -> PretrainedConfig:
    """A configuration with the same kinds of layers, cut down.

    Args:
        config: of a whole model; in one that also sees or hears, every part is cut down.
        kept: keep these layers, the first of each kind that the configuration lists, and two at
            least; None keeps all.
        narrow: keep the width of a head, and as few heads as keep their proportions.
    """
    fields = config.to_dict()
    text = config.get_text_config()
    for part, values in _parts(config, fields):
        is_text = part is text
        if kept is not None:
            _keep_layers(values, _kinds(values, kept) if is_text else [0], is_text=is_text)
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


def _kinds(fields: Fields, kept: Sequence[int]) -> list[int]:
    """Some layers and the first of each kind, by what the configuration lists layer by layer."""
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
    chosen = sorted({*first.values(), *(layer for layer in kept if layer < n_layers)})
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
    for field in _FIRST_LAYERS:
        if isinstance(fields.get(field), int):
            fields[field] = sum(layer < fields[field] for layer in chosen)
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
    widths = [name for name in fields if name.endswith(_WIDTHS)]
    for name in widths:
        fields[name] = _narrowed(fields[name])
    if not is_text:
        return
    _fewer_experts(fields)
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
    if fields.get("word_embed_proj_dim") == d_model:
        fields["word_embed_proj_dim"] = fields[own["hidden_size"]]
    _fewer_state_heads(fields, d_model, fields[own["hidden_size"]])


def _fewer_experts(fields: Fields) -> None:
    """Experts enough for a router to choose among, and as many in each of its groups."""
    routed = next((fields[name] for name in N_ROUTED if isinstance(fields.get(name), int)), 1)
    groups = (fields.get(name) for name in ("n_group", "num_expert_group"))
    group = next((one for one in groups if isinstance(one, int)), 1)
    n_experts = group * max(2, -(-2 * routed // group))
    for name in _N_EXPERTS:
        if isinstance(fields.get(name), int):
            fields[name] = min(fields[name], n_experts)


def _fewer_state_heads(fields: Fields, before: int, after: int) -> None:
    """Heads of a state-space mixer whose width is tied to the stream's."""
    for n_heads, d_head, expand in _STATE_HEADS:
        match [fields.get(name) for name in (n_heads, d_head, expand)]:
            case [int(found), int(width), int(factor)] if found * width == factor * before:
                fields[n_heads] = factor * after // width


def _narrowed(width: object) -> object:
    """A width of an FFN cut down; unequal ones stay unequal."""
    if isinstance(width, list | tuple):
        distinct = sorted(set(width))
        return [_D_MLP * (1 + distinct.index(one)) for one in width]
    return _D_MLP if isinstance(width, int) else width


def _proportional(names: list[str], fields: Fields) -> None:
    """Divide numbers of heads by what they have in common; if all are equal, keep a few."""
    common = gcd(*(fields[name] for name in names))
    are_equal = len({fields[name] for name in names}) == 1
    for name in names:
        fields[name] = min(fields[name], _N_HEADS) if are_equal else fields[name] // common


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
