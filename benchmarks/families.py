"""How is each family of causal language models read, and does that give what plain passes give?

    python benchmarks/families.py [FAMILY ...] > docs/families.md

Each family of the installed transformers is built with its default configuration (without weights)
and put through the self-check that a user's model goes through at load: a small copy with every
kind of its layers is read as it would be and by plain passes, and its FFNs' contributions are
summed. A family whose FFN is not where any known layout has it is counted, not listed.
"""

from __future__ import annotations

import sys
from collections import Counter

import torch
import transformers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import check_weights
from neufs_tui.model.loading.libraries import quieten
from neufs_tui.model.loading.self_check import check_structure, small_loaded
from neufs_tui.model.ways import find_ways

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


def outcome(config: PretrainedConfig) -> str | None:
    """What becomes of a model with this configuration; None if its FFN is not found."""
    with torch.device("meta"):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    try:
        architecture = find_architecture(model)
    except ModelError as error:
        return None if "is not where" in error.message else f"refused: {error.message}"
    window = int(getattr(config.get_text_config(), "max_position_embeddings", None) or 1 << 30)
    loaded = LoadedModel(
        model=model,
        tokenizer=None,  # type: ignore[arg-type]  # nothing is tokenised
        architecture=architecture,
        name=config.model_type,
        device="cpu",
        dtype="float32",
        fingerprint="",
        files=(),
        context_window=window,
        pad_id=0,
        ways=find_ways(model.config, window),
    )
    try:
        ways = check_structure(loaded)
        small = small_loaded(loaded)
        check_weights(small)
    except ModelError as error:
        return f"refused: {error.message}"
    arrivals = [ffn.arrival for _, ffn in small.architecture.every_ffn()]
    exact = "exact by tree" if ways.tree else "exact expanded"
    details = [
        *(["one text at a time"] if ways.alone and not ways.tree else []),
        *([f"expanded beyond {ways.window:,} tokens"] if ways.tree and ways.window else []),
        *([f"expanded beyond {ways.rope_switch:,} tokens"] if ways.rope_switch else []),
        *(["norm behind the FFN"] if any(one.norms for one in arrivals) else []),
        *(
            ["scaled behind the FFN"]
            if any(bool((one.later_gain != 1).any()) for one in arrivals)
            else []
        ),
    ]
    return ", ".join([exact, *details])


def configurations(asked: list[str]) -> dict[str, tuple[str, Fields]]:
    """By the name of a row: the family and what is set in its default configuration."""
    every = {
        name: (name, COMPLETED.get(name, {})) for name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    } | VARIANTS
    return {row: of for row, of in every.items() if not asked or row in asked}


def main() -> None:
    """Print the table."""
    quieten()
    print("# Families of models\n")
    versions = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
    print(f"Made by `python benchmarks/families.py` with {versions}.\n")
    print("| family | how it is read |\n|---|---|")
    totals: Counter[str] = Counter()
    for row, (family, fields) in configurations(sys.argv[1:]).items():
        try:
            found = outcome(CONFIG_MAPPING[family](**fields))
        # A default configuration need not be one that its own class accepts
        except Exception as error:
            print(f"{row}: not built: {type(error).__name__}: {error}", file=sys.stderr)
            totals["could not be built from their default configuration"] += 1
            continue
        if found is None:
            totals["have their FFN where no known layout has it, and are refused"] += 1
        else:
            print(f"| {row} | {found} |", flush=True)
    print()
    for what, number in totals.items():
        print(f"{number} further families {what}.")


if __name__ == "__main__":
    main()
