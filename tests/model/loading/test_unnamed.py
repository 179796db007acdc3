"""FFNs that the table does not name are seen by what they do."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    AXK2Config,
    DeepseekV3Config,
    FalconH1Config,
    Gemma3nTextConfig,
    Gemma4TextConfig,
    GPT2Config,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    ModernBertDecoderConfig,
    NemotronHConfig,
    PretrainedConfig,
    Qwen2MoeConfig,
    Qwen3NextConfig,
)

from neufs_tui.model.families import architecture
from neufs_tui.model.families.architecture import Layout, find_architecture
from neufs_tui.model.families.layouts import FfnPath, Stack
from neufs_tui.model.loading.proposals import UnnamedFfn, propose_layout, refuse_unnamed
from neufs_tui.model.loading.self_check import check_structure, small_loaded
from neufs_tui.model.loading.unnamed import find_units
from tests.model.loading.test_self_check import unloaded

EXPERTS = Gemma4TextConfig(
    enable_moe_block=True, num_experts=4, top_k_experts=2, moe_intermediate_size=64
)


@pytest.mark.parametrize(
    "config",
    [
        AXK2Config(),
        DeepseekV3Config(),
        EXPERTS,
        FalconH1Config(),
        GPT2Config(),
        Gemma3nTextConfig(),
        NemotronHConfig(),
        Qwen2MoeConfig(),
        Qwen3NextConfig(),
    ],
    ids=lambda config: config.model_type,
)
def test_what_looks_like_an_ffn_is_what_the_table_names(config: PretrainedConfig) -> None:
    """Gated attention, states, routers, gated norms and gates of embeddings do not."""
    small = small_loaded(unloaded(config))
    parts = small.architecture
    found = find_units(small.model, parts.layers, parts.d_model)
    read = {ffn.output for _, ffn in parts.every_ffn()}
    # What the experts of Nemotron-H write goes on through a layer of its own
    behind = {getattr(ffn, "behind", None) for _, ffn in parts.every_ffn()}
    assert read <= {small.model.get_submodule(unit.name) for unit in found.units} <= read | behind
    assert small.model.get_submodule(found.final_norm or "") is parts.final_norm


def without(table: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(one for one in getattr(architecture, table) if one.path != path)
    monkeypatch.setattr(architecture, table, kept)


@pytest.mark.parametrize(
    ("config", "table", "path", "seen"),
    [
        (
            Qwen2MoeConfig(),
            "SINGLE",
            "mlp.shared_expert.down_proj",
            "layer 0 .*: mlp.shared_expert.down_proj",
        ),
        (EXPERTS, "ROUTED", "experts", "layer 0 .*: experts"),
        (
            DeepseekV3Config(),
            "SINGLE",
            "mlp.shared_experts.down_proj",
            "layer 3 .*: mlp.shared_experts.down_proj",
        ),
        (DeepseekV3Config(), "SINGLE", "mlp.down_proj", "layer 0 .*: mlp.down_proj"),
        (DeepseekV3Config(), "ROUTED", "mlp.experts", "layer 3 .*: mlp.experts"),
    ],
    ids=["shared", "experts beside", "shared in some", "dense in some", "routed in some"],
)
def test_a_line_of_the_table_that_is_missing_is_missed(
    config: PretrainedConfig,
    table: str,
    path: str,
    seen: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without(table, path, monkeypatch)
    loaded = unloaded(config)
    with pytest.raises(UnnamedFfn, match=f"{seen}$") as caught:
        check_structure(loaded)
    assert caught.value.hint


class Second(nn.Module):
    """An FFN whose activation is written out, and whose maps have no classes of their own."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.up = nn.Parameter(torch.zeros(24, d_model))
        self.down = nn.Parameter(torch.zeros(d_model, 24))

    def forward(self, states: Tensor) -> Tensor:
        up = states @ self.up.T
        return (up / (1 + torch.exp(-up))) @ self.down.T


class TwoFfns(LlamaForCausalLM):
    """A Llama whose layers write what a second FFN makes of the first one's input, too."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__(config)
        for layer in self.model.layers:
            layer.extra = Second(config.hidden_size)
            layer.mlp.register_forward_hook(
                lambda _, args, out, extra=layer.extra: out + extra(*args)
            )


def test_an_ffn_beside_the_named_one_is_seen() -> None:
    config = LlamaConfig(num_hidden_layers=2, hidden_size=64, num_attention_heads=4)
    named = unloaded(config)
    with torch.device("meta"):
        model = TwoFfns(config)
    with pytest.raises(UnnamedFfn, match=r"layer 0 has a part .* not known: extra$") as caught:
        check_structure(replace(named, model=model, architecture=find_architecture(model)))
    assert caught.value.layout is None  # no linear layer that can be read


def test_layers_outside_the_list_are_not_proposed() -> None:
    """An FFN in front of the first layer is seen, and no layer has it."""
    small = small_loaded(unloaded(LlamaConfig(num_hidden_layers=2)))
    width = small.architecture.d_model
    small.model.model.embed_tokens = nn.Sequential(
        small.model.model.embed_tokens, nn.SiLU(), nn.Linear(width, width)
    )
    with pytest.raises(UnnamedFfn, match=r"the model has .*: model.embed_tokens.2$") as caught:
        refuse_unnamed(small, small.architecture.layers, "")
    assert caught.value.layout is None


@pytest.mark.parametrize(
    ("config", "layout"),
    [
        (
            MixtralConfig(),
            Layout((Stack("model.layers", "model.norm"),), (), (FfnPath("mlp.experts"),)),
        ),
        (
            ModernBertDecoderConfig(),
            Layout((Stack("model.layers", "lm_head.norm"),), (FfnPath("mlp.Wo"),), ()),
        ),
    ],
    ids=["mixtral", "modernbert"],
)
def test_parts_are_proposed_by_their_looks(config: PretrainedConfig, layout: Layout) -> None:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    assert propose_layout(model) == layout
