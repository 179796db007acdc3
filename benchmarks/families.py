"""How is each family of causal language models read, and does that give what plain passes give?

    python benchmarks/families.py [FAMILY ...] > docs/families.md

Each family of the installed transformers is built with its default configuration (without weights)
and put through the self-check that a user's model goes through at load: a small copy with every
kind of its layers is read as it would be and by plain passes, and its FFNs' contributions are
summed; and single neurons are taken out of it. Families that are refused are listed by the reason.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import torch
import transformers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.families.refused import reason
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import Differs, check_weights
from neufs_tui.model.loading.intact import refuse_other_kinds
from neufs_tui.model.loading.libraries import quieten
from neufs_tui.model.loading.neuron_check import check_neurons
from neufs_tui.model.loading.self_check import check_structure, small_loaded
from neufs_tui.model.ways import Ways, find_ways

CHECKED = """\
"Exact" was found on a small copy of each, in float32, with every kind of its layers:

- candidates' log-probabilities and all activations are those of plain passes over each text, for
  prompts on both sides of every window, with a shared beginning and without;
- each layer's contributions sum to what its FFNs write;
- if an FFN writes nothing and all else is held as it was, the last residual stream lacks what it
  is read to add;
- if a single neuron is taken out of the weights, its FFN's output lacks activation times column:
  the neuron that does most at one token, of each FFN of each layer, routed experts and shared ones
  too.

Gemma 3n mixes several streams: there, what joins a layer's own stream is read, and its way from
there is not checked. A model that is loaded goes through all of this but the last again."""
Fields = dict[str, object]
"""Of a configuration, by name."""


def _some(n_layers: int, kind: str, where: tuple[int, ...], other: str) -> list[str]:
    """The kinds of layers, of which some are of one kind."""
    return [kind if layer in where else other for layer in range(n_layers)]


LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 64,
    "long_factor": [4.0] * 64,
    "original_max_position_embeddings": 4096,
    "factor": 4.0,
}
GRANITE: Fields = {"attention_multiplier": 0.015625, "residual_multiplier": 0.22}
"""Its own 1 makes attention so sharp that rounding shows."""
COMPLETED: dict[str, Fields] = {
    # As in Bamba-9B, Granite 4.0 H Tiny, LFM2-1.2B, LFM2-8B-A1B, Nemotron-4 15B, dots.llm1,
    # Hunyuan-7B, Hunyuan-A13B, Ministral-8B, DeepSeek-V2-Lite, DBRX
    "bamba": {"attn_layer_indices": [9, 18, 27]},
    "granitemoehybrid": {
        "hidden_size": 1536,
        "num_hidden_layers": 40,
        "num_attention_heads": 12,
        "num_key_value_heads": 4,
        "intermediate_size": 512,
        "num_local_experts": 64,
        "num_experts_per_tok": 6,
        "mamba_n_heads": 48,
        "mamba_d_state": 128,
        "residual_multiplier": 0.22,
        "attention_multiplier": GRANITE["attention_multiplier"],
        "layer_types": _some(40, "full_attention", (5, 15, 25, 35), "linear_attention"),
    },
    "lfm2": {
        "hidden_size": 2048,
        "num_hidden_layers": 16,
        "layer_types": _some(16, "full_attention", (2, 5, 8, 10, 12, 14), "conv"),
    },
    "lfm2_moe": {
        "num_hidden_layers": 24,
        "layer_types": _some(24, "full_attention", (2, 6, 10, 14, 18, 21), "conv"),
    },
    **dict.fromkeys(
        ("granite", "granite_swa", "granitemoe", "granitemoe_swa", "granitemoeshared"), GRANITE
    ),
    "nemotron": {"num_key_value_heads": 8},
    "dots1": {
        "n_shared_experts": 2,
        "n_routed_experts": 128,
        "num_experts_per_tok": 6,
        "first_k_dense_replace": 1,
    },
    "hunyuan_v1_dense": {"head_dim": 128, "num_key_value_heads": 8},
    "hunyuan_v1_moe": {"head_dim": 128, "num_key_value_heads": 8, "num_experts": 64, "moe_topk": 8},
    "ministral": {"head_dim": 128},
    "deepseek_v2": {"num_experts_per_tok": 6},
    "cohere_compass_text": {
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 10000.0}}
    },
    "dbrx": {
        "attn_config": {"rope_theta": 500000.0, "kv_n_heads": 8, "clip_qkv": 8},
        "ffn_config": {"moe_num_experts": 16, "moe_top_k": 4, "ffn_hidden_size": 10752},
    },
}
"""What the default configuration of a family lacks, so that its own class does not accept it or it
is not what its models are."""
VARIANTS: dict[str, tuple[str, Fields]] = {
    "llama, LongRoPE": ("llama", {"rope_parameters": LONGROPE, "max_position_embeddings": 16384}),
    "qwen2, sliding window": ("qwen2", {"use_sliding_window": True, "max_window_layers": 16}),
    "gemma4_text, experts": (
        "gemma4_text",
        {
            "enable_moe_block": True,
            "num_experts": 4,
            "top_k_experts": 2,
            "moe_intermediate_size": 64,
        },
    ),
    "gemma4_text, double-wide FFNs": (
        "gemma4_text",
        {"use_double_wide_mlp": True, "num_kv_shared_layers": 10},
    ),
}
"""Configurations that a family allows and its default does not show."""


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of the models of a configuration."""

    kind: Literal["exact by tree", "exact expanded", "refused"]
    details: str
    """Bounds and what follows the FFN; or why it is refused."""


def outcome(family: str, fields: Fields) -> Row:
    """Build a model of a family without its weights, and load it as a user's."""
    if why := reason([family]):
        return Row("refused", why)
    try:
        config = CONFIG_MAPPING[family](**fields)
        refuse_other_kinds(family, config)
        with torch.device("meta"):
            model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    except ModelError:
        return Row("refused", "they are decoders of models with an encoder")
    except ImportError:
        return Row("refused", "not tried: packages that they need are not installed")
    # Somebody else's class may fail in any way on its own default configuration
    except Exception as error:
        print(f"{family}: {type(error).__name__}: {error}", file=sys.stderr)
        return Row("refused", "not tried: their class does not accept its default configuration")
    window = int(getattr(config.get_text_config(), "max_position_embeddings", None) or 1 << 30)
    try:
        loaded = LoadedModel(
            model=model,
            tokenizer=None,  # type: ignore[arg-type]  # nothing is tokenised
            architecture=find_architecture(model),
            name=family,
            device="cpu",
            dtype="float32",
            fingerprint="",
            files=(),
            context_window=window,
            pad_id=0,
            ways=find_ways(model.config, window),
        )
        ways = check_structure(loaded)
        small = small_loaded(loaded)
        check_weights(small)
        check_neurons(small)
    except (ModelError, Differs) as error:
        return Row("refused", str(error).removeprefix(f"{family} cannot be read rightly: "))
    return Row("exact by tree" if ways.tree else "exact expanded", ", ".join(_details(small, ways)))


def _details(small: LoadedModel, ways: Ways) -> Iterator[str]:
    ffns = [ffn for _, ffn in small.architecture.every_ffn()]
    if ways.alone and not ways.tree:
        yield "one text at a time"
    if ways.tree and ways.window:
        yield f"expanded beyond {ways.window:,} tokens"
    if ways.rope_switch:
        yield f"expanded beyond {ways.rope_switch:,} tokens"
    if any(ffn.shape.kind == "routed" for ffn in ffns):
        yield "experts"
    if any(ffn.arrival.norms for ffn in ffns):
        yield "norm behind the FFN"
    if any(bool((ffn.arrival.later_gain != 1).any()) for ffn in ffns):
        yield "scaled behind the FFN"


def configurations(asked: list[str]) -> dict[str, tuple[str, Fields]]:
    """By the name of a row: the family and what is set in its default configuration."""
    every = {
        name: (name, COMPLETED.get(name, {})) for name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    } | VARIANTS
    return {row: of for row, of in every.items() if not asked or row in asked}


def main() -> None:
    """Print the table, and to standard error how long each row took."""
    quieten()
    rows: dict[str, Row] = {}
    for name, (family, fields) in configurations(sys.argv[1:]).items():
        started = perf_counter()
        rows[name] = outcome(family, fields)
        row = rows[name]
        took = f"{perf_counter() - started:.1f} s"
        print(f"{name}: {row.kind}: {row.details} ({took})", file=sys.stderr, flush=True)
    _print_page(rows)


def _print_page(rows: dict[str, Row]) -> None:
    versions = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
    counts = Counter(row.kind for row in rows.values())
    print(
        f"# Families of models\n\nMade by `python benchmarks/families.py` with {versions}.\n\n"
        f"Of {len(rows)} kinds of models:\n\n"
        f"- {counts['exact by tree']} are read exactly, answers as a tree behind their prompt\n"
        f"- {counts['exact expanded']} are read exactly, answers behind copies of their prompt\n"
        f"- {counts['refused']} are refused\n\n{CHECKED}\n\n"
        "| family | how it is read | |\n|---|---|---|"
    )
    for name, row in rows.items():
        if row.kind != "refused":
            print(f"| {name} | {row.kind} | {row.details} |")
    print("\n## Refused, and why\n")
    reasons: dict[str, list[str]] = {}
    for name, row in rows.items():
        if row.kind == "refused":
            reasons.setdefault(row.details, []).append(name)
    for why, refused in reasons.items():
        print(f"- {why}: {', '.join(refused)}")


if __name__ == "__main__":
    main()
