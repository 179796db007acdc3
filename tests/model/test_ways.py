"""Which way of reading a configuration allows, and where its bounds lie."""

from __future__ import annotations

import pytest
from transformers import (
    DogeConfig,
    GPTNeoConfig,
    LlamaConfig,
    MistralConfig,
    OlmoHybridConfig,
    PretrainedConfig,
    Qwen2Config,
    Qwen3_5TextConfig,
)

from neufs_tui.model.ways import Ways, find_ways

LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 64,
    "long_factor": [4.0] * 64,
    "original_max_position_embeddings": 4096,
}


def found(config: PretrainedConfig, context_window: int = 16384) -> Ways:
    config._attn_implementation = "sdpa"
    return find_ways(config, context_window)


@pytest.mark.parametrize(
    "config, window",
    [
        (LlamaConfig(), None),
        (MistralConfig(sliding_window=4096), 4096),
        (MistralConfig(sliding_window=None), None),
        (MistralConfig(sliding_window=16384), None),
        (Qwen2Config(sliding_window=4096, use_sliding_window=False), None),
        (Qwen2Config(sliding_window=4096, use_sliding_window=True, max_window_layers=2), 4096),
        (Qwen2Config(sliding_window=4096, use_sliding_window=True, max_window_layers=99), None),
        (GPTNeoConfig(window_size=256), 256),
        (DogeConfig(keep_window_size=2048), 2048),
    ],
)
def test_any_field_that_names_a_window_counts(config: PretrainedConfig, window: int | None) -> None:
    ways = found(config)
    assert ways.window == window
    assert ways.tree and not ways.alone


@pytest.mark.parametrize("config", [Qwen3_5TextConfig(), OlmoHybridConfig()])
def test_layers_that_carry_a_state_are_read_text_by_text(config: PretrainedConfig) -> None:
    ways = found(config)
    assert not ways.tree and ways.alone


def test_attention_without_masks_is_read_behind_copies() -> None:
    config = LlamaConfig()
    config._attn_implementation = "flash_attention_2"
    ways = find_ways(config, 4096)
    assert not ways.tree and not ways.alone


def test_longrope_is_read_on_either_side_of_its_switch_and_plainly_across() -> None:
    ways = found(LlamaConfig(rope_parameters=LONGROPE, max_position_embeddings=16384))
    assert ways.rope_switch == 4096
    assert ways.alone
    assert ways.way(4090, 6) == "tree"
    assert ways.way(4090, 7) == "plain"
    assert ways.way(4096, 1) == "plain"
    assert ways.way(4097, 1) == "expanded"


def test_what_outgrows_a_window_is_read_behind_copies() -> None:
    ways = Ways(tree=True, alone=False, window=100)
    assert ways.way(96, 4) == "tree"
    assert ways.way(96, 5) == "expanded"
