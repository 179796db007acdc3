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

LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 64,
    "long_factor": [4.0] * 64,
    "original_max_position_embeddings": 4096,
    "factor": 4.0,
}
VARIANTS: dict[str, tuple[str, dict[str, object]]] = {
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


def configurations(asked: list[str]) -> dict[str, tuple[str, dict[str, object]]]:
    """By the name of a row: the family and what is set in its default configuration."""
    every = {name: (name, {}) for name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES} | VARIANTS
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
