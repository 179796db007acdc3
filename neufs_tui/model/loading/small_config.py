"""A configuration cut down to a few narrow layers, one of each kind, with short windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from transformers import PretrainedConfig

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
_N_ROUTED = 2
_STATE_HEADS = (
    ("mamba_n_heads", "mamba_d_head", "mamba_expand"),
    ("mamba_num_heads", "mamba_head_dim", "expand"),
    ("n_mamba_heads", "mamba_headdim", "mamba_expand"),
)
"""Names of the number of heads, their width and how much wider they are together than the stream:
Bamba, Granite; Nemotron-H; Zamba."""
_WIDTHS = ("intermediate_size", "intermediate_size_mlp", "ffn_dim", "ffn_hidden_size")
_FIRST_LAYERS = ("first_k_dense_replace", "num_dense_layers")
"""How many of the first layers have no experts."""
_NUMBERS = ("layer", "idx")
"""In names of lists of layers' numbers."""
_N_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")

Fields = dict[str, Any]


def small_config(
    config: PretrainedConfig, kept: Sequence[int] | None = (), *, narrow: bool = True
) -> PretrainedConfig:
    """A configuration with the same kinds of layers, cut down.

    Args:
        config: of a whole model; in one that also sees or hears, every part is cut down.
        kept: keep these layers, the first of each kind that the configuration lists, and two at
            least; None keeps all.
        narrow: keep the width of a head, and few heads, experts and FFN neurons.
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
    for name in ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "num_blocks"):
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
    listed = [value for name, value in fields.items() if _is_listed(name, value, n_layers)]
    mapped = [_by_layer(value) for value in fields.values() if _is_mapped(value)]
    mapped += [
        dict.fromkeys(value, True)
        for name, value in fields.items()
        if _is_numbers(name, value, n_layers)
    ]
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
        if _is_numbers(field, value, n_layers):
            fields[field] = [new for new, layer in enumerate(chosen) if layer in value]
        elif _is_listed(field, value, n_layers):
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


def _is_listed(name: str, value: object, n_layers: int) -> bool:
    """Whether a field says something of each layer."""
    is_list = isinstance(value, list | tuple) and len(value) == n_layers
    return is_list and not _is_numbers(name, value, n_layers)


def _is_numbers(name: str, value: object, n_layers: int) -> bool:
    """Whether a field lists some layers, or all, by their numbers."""
    if not isinstance(value, list | tuple) or not all(type(one) is int for one in value):
        return False
    is_ascending = all(one < other for one, other in pairwise((-1, *value, n_layers)))
    # Of two layers, [0, 1] may also say something of each
    is_flags = len(value) == n_layers == len({0, 1})
    return is_ascending and not is_flags and any(part in name for part in _NUMBERS)


def _is_mapped(value: object) -> bool:
    """Whether a field says something of some layers, by their numbers."""
    return isinstance(value, dict) and bool(value) and all(str(key).isdigit() for key in value)


def _by_layer(value: Fields) -> dict[int, object]:
    return {int(layer): own for layer, own in value.items()}


def _narrow(fields: Fields, config: PretrainedConfig, *, is_text: bool) -> None:
    widths = [name for name in fields if name.endswith(_WIDTHS)]
    for name in widths:
        fields[name] = _narrowed(fields[name])
    if "n_inner" in fields:
        fields["n_inner"] = _D_MLP
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
        ["linear_num_heads"],
        ["index_n_heads"],
    ]
    of_layers = (fields.get("per_layer_config") or {}).values()
    for group in groups:
        for owner in (fields, *of_layers):
            _fewer_heads([name for name in group if isinstance(owner.get(name), int)], owner)
    fields[own["hidden_size"]] = d_head * fields[own["num_attention_heads"]]
    if fields.get("word_embed_proj_dim") == d_model:
        fields["word_embed_proj_dim"] = fields[own["hidden_size"]]
    _fewer_state_heads(fields, d_model, fields[own["hidden_size"]])


def _fewer_experts(fields: Fields) -> None:
    """Two experts of each token, in each of their groups, and twice as many in all."""
    for name in N_ROUTED:
        if isinstance(fields.get(name), int):
            fields[name] = min(fields[name], _N_ROUTED)
    groups = (fields.get(name) for name in ("n_group", "num_expert_group"))
    n_groups = next((one for one in groups if isinstance(one, int)), 1)
    for name in _N_EXPERTS:
        if isinstance(fields.get(name), int):
            fields[name] = min(fields[name], _N_ROUTED * max(2, n_groups))


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


def _fewer_heads(names: list[str], fields: Fields) -> None:
    """Few heads, of which there are still more of the kinds of which there were more."""
    distinct = sorted({fields[name] for name in names}, reverse=True)
    for name in names:
        fields[name] = min(fields[name], max(1, _N_HEADS >> distinct.index(fields[name])))


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
