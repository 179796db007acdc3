"""What is found of families, and in which way their small copies prove to be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedModel

from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import Differs
from neufs_tui.model.loading.neuron_check import check_neurons
from neufs_tui.model.loading.self_check import check_structure, small_loaded
from neufs_tui.model.ways import find_ways

ROOT = Path(__file__).parents[3]
SMALL = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
CONV = {"layer_types": ["conv", "full_attention"], "num_hidden_layers": 2}

DENSE_BY_TREE = (
    *("llama", "mistral", "qwen3", "gemma2", "phi", "gpt2", "gpt_neox", "opt", "starcoder2"),
    *("stablelm", "olmo2", "falcon", "nanochat", "granite", "minicpm3", "biogpt"),
)
OTHERS = {
    "bloom": ({}, {"dense"}, False),
    "lfm2": (CONV, {"dense"}, False),
    "lfm2_moe": (CONV | {"num_dense_layers": 1}, {"dense", "routed"}, False),
    "mixtral": ({}, {"routed"}, True),
    "gpt_oss": ({}, {"routed"}, True),
    "qwen2_moe": ({}, {"routed+shared"}, True),
    "hunyuan_v1_moe": ({"head_dim": 16, "num_experts": 4}, {"routed+shared"}, True),
    "axk1": ({}, {"dense", "routed+shared"}, True),
    "llama4_text": ({}, {"routed+shared"}, True),
}
"""By family: what is set, the kinds of FFNs that its layers have, whether it is read by tree."""


def built(family: str, fields: dict[str, object]) -> PreTrainedModel:
    """A model of a family without its weights."""
    with torch.device("meta"):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(CONFIG_MAPPING[family](**fields))
    return model


def unloaded(family: str, fields: dict[str, object]) -> LoadedModel:
    """As if a model of a family had been loaded."""
    model = built(family, fields)
    return LoadedModel(
        model=model,
        tokenizer=None,  # type: ignore[arg-type]
        architecture=find_architecture(model),
        name=family,
        device="cpu",
        dtype="float32",
        fingerprint="",
        files=(),
        context_window=4096,
        pad_id=0,
        ways=find_ways(model.config, 4096),
    )


@pytest.mark.parametrize(
    ("family", "fields", "kinds", "tree"),
    [
        *((family, {}, {"dense"}, True) for family in DENSE_BY_TREE),
        *((family, *expected) for family, expected in OTHERS.items()),
    ],
)
def test_ffns_are_found_and_read_in_the_way_of_the_table(
    family: str, fields: dict[str, object], kinds: set[str], tree: bool
) -> None:
    loaded = unloaded(family, fields)
    found = loaded.architecture.ffns
    assert {"+".join(ffn.shape.kind for ffn in ffns) for ffns in found} == kinds
    ways = check_structure(loaded)
    assert ways.tree == tree
    row = re.search(rf"^\| {family} \| (.*?) \|", (ROOT / "docs/families.md").read_text(), re.M)
    assert row is not None
    assert row[1] == ("exact by tree" if tree else "exact expanded")


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "qwen2_moe", "axk1", "llama4_text"])
def test_single_neurons_write_what_is_read_of_them(family: str) -> None:
    check_neurons(small_loaded(unloaded(family, {})))


def test_a_neuron_that_writes_something_else_is_found_out() -> None:
    small = small_loaded(unloaded("llama", SMALL))
    layer = small.architecture.layers[1].mlp.down_proj
    layer.register_forward_hook(lambda _, args, out: out * 1.01)
    with pytest.raises(Differs, match="a neuron of layer 1 writes something else"):
        check_neurons(small)


@pytest.mark.parametrize(
    ("family", "why"),
    [
        ("mamba", "mamba models are not read: they have no FFN"),
        ("bert", "bert models are not read: they are encoders"),
        ("openai-gpt", "norm the residual stream itself"),
        ("bart", "the FFNs of BartForCausalLM are not where"),
    ],
)
def test_a_family_that_is_not_read_is_refused_with_the_reason(family: str, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        find_architecture(built(family, {}))


def test_the_table_of_families_was_made_with_the_pinned_versions() -> None:
    pins = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    table = (ROOT / "docs" / "families.md").read_text()
    assert f"transformers {pins['transformers']}, torch {pins['torch']}." in table
