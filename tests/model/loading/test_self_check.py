"""The self-check against models that are read wrongly, and models that are read rightly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import (
    DogeConfig,
    Gemma3nTextConfig,
    Gemma4TextConfig,
    GPTNeoConfig,
    LlamaConfig,
    MistralConfig,
    ModernBertDecoderConfig,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

from neufs_tui.core.model_shape import FfnShape
from neufs_tui.errors import ModelError
from neufs_tui.model.families import arrival
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading import self_check
from neufs_tui.model.loading.ffn_check import Differs, check_arrival, check_weights
from neufs_tui.model.loading.self_check import check_structure, small_loaded
from neufs_tui.model.loading.small_config import ROPE_SWITCH, WINDOW
from neufs_tui.model.loading.small_copy import small_copy
from neufs_tui.model.ways import Ways, find_ways
from tests.model.test_ways import LONGROPE
from tests.models import load_tiny
from tests.tiny import FAMILIES

SHAPE = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}


def unloaded(config: PretrainedConfig) -> LoadedModel:
    """As if a model with this configuration had been loaded; its weights are not there."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return LoadedModel(
        model=model,
        tokenizer=None,  # type: ignore[arg-type]
        architecture=find_architecture(model),
        name="a model",
        device="cpu",
        dtype="float32",
        fingerprint="",
        files=(),
        context_window=4096,
        pad_id=0,
        ways=find_ways(model.config, 4096),
    )


def copied(config: PretrainedConfig) -> PreTrainedModel:
    """A small copy of a model of a configuration."""
    whole = unloaded(config)
    return small_copy(whole.model, whole.architecture.layers)


@pytest.fixture(params=FAMILIES)
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> LoadedModel:
    return load_tiny(tmp_path, request.param)


def test_families_are_read_as_their_configuration_tells(tiny: LoadedModel) -> None:
    assert check_structure(tiny) == tiny.ways
    check_weights(tiny)


@pytest.mark.parametrize("family", ["doge", "longrope", "gemma3n", "gemma4"])
def test_families_with_bounds_and_norms_of_their_own_pass(family: str) -> None:
    configs = {
        "doge": DogeConfig(),
        "longrope": LlamaConfig(rope_parameters=LONGROPE, max_position_embeddings=16384),
        "gemma3n": Gemma3nTextConfig(),
        "gemma4": Gemma4TextConfig(),
    }
    loaded = unloaded(configs[family])
    assert check_structure(loaded) == loaded.ways
    check_weights(small_loaded(loaded))


def test_a_window_over_columns_instead_of_positions_is_read_behind_copies() -> None:
    loaded = unloaded(GPTNeoConfig())
    assert loaded.ways.tree
    assert check_structure(loaded) == replace(loaded.ways, tree=False)


def test_attention_that_looks_ahead_beyond_its_window_is_refused() -> None:
    with pytest.raises(ModelError, match=r"doge cannot be read rightly: .* differ by"):
        check_structure(unloaded(DogeConfig(keep_window_size=64, max_position_embeddings=512)))


def test_a_state_that_would_leak_between_texts_is_found_out(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "qwen3_5")
    wrong = replace(loaded, ways=Ways(tree=True, alone=False))
    assert check_structure(wrong) == Ways(tree=False, alone=False)
    # Side by side with padding it is exact; a state that runs through padding is not
    assert check_structure(loaded) == Ways(tree=False, alone=True)


def blind_to(bound: str, monkeypatch: pytest.MonkeyPatch, config: PretrainedConfig) -> LoadedModel:
    """A model of which one bound is not known, as if its configuration called it otherwise."""

    def find(config: PretrainedConfig, context_window: int) -> Ways:
        return replace(find_ways(config, context_window), alone=False, **{bound: None})

    monkeypatch.setattr(self_check, "find_ways", find)
    loaded = unloaded(config)
    return replace(loaded, ways=find(loaded.model.config, 4096))


def test_a_window_that_is_not_known_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = blind_to("window", monkeypatch, MistralConfig(sliding_window=64))
    assert loaded.ways.tree
    assert not check_structure(loaded).tree


def test_a_switch_of_frequencies_that_is_not_known_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = LlamaConfig(rope_parameters=LONGROPE, max_position_embeddings=16384)
    loaded = blind_to("rope_switch", monkeypatch, config)
    with pytest.raises(ModelError, match="llama cannot be read rightly: scores differ by"):
        check_structure(loaded)


def test_a_norm_behind_the_ffn_that_is_not_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "_NORMS", ())
    loaded = load_tiny(tmp_path, "olmo2")
    with pytest.raises(ModelError, match=r"olmo2 cannot be read rightly: .* joins the residual"):
        check_structure(loaded)


def test_a_residual_multiplier_that_is_not_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "_FACTORS", ())
    loaded = load_tiny(tmp_path, "granite")
    with pytest.raises(ModelError, match="granite cannot be read rightly"):
        check_structure(loaded)


def test_layers_that_scale_the_stream_after_an_ffn_count() -> None:
    small = small_loaded(unloaded(Gemma4TextConfig()))
    layers = small.architecture.layers
    for layer in layers:
        layer.layer_scalar.fill_(0.5)
    ffns = [ffn for _, ffn in find_architecture(small.model).every_ffn()]
    gains = [ffn.arrival.later_gain for ffn in ffns]
    expected = [0.5 ** (len(layers) - at) for at in range(len(layers))]
    assert [float(gain) for gain in gains] == pytest.approx(expected)
    with pytest.raises(Differs, match="layer 0 writes joins the residual stream"):
        check_arrival(small)  # it was found before the scalars were there
    check_arrival(replace(small, architecture=find_architecture(small.model)))


def test_a_head_that_is_more_than_the_unembedding_is_refused() -> None:
    """What an FFN writes is then no push towards a token, whatever arrives in the stream."""
    with pytest.raises(ModelError, match="more than a norm stands between"):
        check_structure(unloaded(ModernBertDecoderConfig()))


def test_experts_beside_an_ffn_are_both_read() -> None:
    """Gemma 4's, each behind a norm of its own and one that both pass together."""
    config = Gemma4TextConfig(
        enable_moe_block=True, num_experts=4, top_k_experts=2, moe_intermediate_size=64
    )
    loaded = unloaded(config)
    assert check_structure(loaded).tree
    routed, shared = loaded.architecture.ffns[0]
    assert routed.shape == FfnShape("routed", 64, n_experts=4, n_routed=2)
    assert shared.shape.kind == "shared"
    assert [len(ffn.arrival.norms) for ffn in (routed, shared)] == [2, 2]


def test_ffns_of_different_widths_are_read() -> None:
    loaded = unloaded(Gemma4TextConfig(use_double_wide_mlp=True, num_kv_shared_layers=10))
    assert check_structure(loaded).tree
    assert {*loaded.architecture.shape.n_active} == {9216, 18432}


def test_weights_that_are_not_applied_as_they_lie_are_refused(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")
    layer = loaded.architecture.layers[1].mlp
    layer.down_proj.register_forward_hook(lambda _, args, out: out * 2)
    with pytest.raises(ModelError, match="layer 1 contributions are off by"):
        check_weights(loaded)


def test_a_small_copy_has_every_kind_of_layer_and_short_bounds() -> None:
    config = LlamaConfig(rope_parameters=LONGROPE, max_position_embeddings=16384)
    ways = find_ways(copied(config).config, 4096)
    assert ways.rope_switch == ROPE_SWITCH
    neo = copied(GPTNeoConfig()).config
    assert neo.window_size == WINDOW
    assert set(neo.attention_layers) == {"global", "local"}


def test_small_copies_are_the_same_each_time_and_leave_the_random_state_alone() -> None:
    loaded = unloaded(LlamaConfig(**SHAPE))
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    layers = loaded.architecture.layers
    one, other = (small_copy(loaded.model, layers) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    for mine, yours in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, yours)
