"""What weights take is counted before they are read; what does not fit is told with what would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import (
    AutoModelForCausalLM,
    DeepseekV3Config,
    GPT2Config,
    GptOssConfig,
    LlamaConfig,
    MixtralConfig,
    PretrainedConfig,
    Qwen2Config,
    Qwen3MoeConfig,
)

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loading import intact, plan
from neufs_tui.model.loading.checkpoint import weight_files
from neufs_tui.model.loading.free_memory import FreeMemory
from neufs_tui.model.loading.memory_needed import Need, Weights, count_weights, stored_bytes
from neufs_tui.model.loading.plan import plan_reading
from neufs_tui.model.loading.sources import Source
from tests.models import Listener, load
from tests.quantised import save_packed
from tests.tiny import FAMILIES, save_huge_description

LLAMA_3_8B = LlamaConfig(
    vocab_size=128_256,
    hidden_size=4096,
    intermediate_size=14_336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
)
QWEN3_30B_A3B = Qwen3MoeConfig(
    vocab_size=151_936,
    hidden_size=2048,
    intermediate_size=6144,
    moe_intermediate_size=768,
    num_hidden_layers=48,
    num_attention_heads=32,
    num_key_value_heads=4,
    head_dim=128,
    num_experts=128,
    num_experts_per_tok=8,
)
GPT_OSS_20B = GptOssConfig(
    vocab_size=201_088,
    hidden_size=2880,
    intermediate_size=2880,
    num_hidden_layers=24,
    num_attention_heads=64,
    num_key_value_heads=8,
    head_dim=64,
    num_local_experts=32,
    num_experts_per_tok=4,
)
QWEN2_05B = Qwen2Config(
    vocab_size=151_936,
    hidden_size=896,
    intermediate_size=4864,
    num_hidden_layers=24,
    num_attention_heads=14,
    num_key_value_heads=2,
    tie_word_embeddings=True,
)
GB = 10**9


@pytest.mark.parametrize(
    ("config", "n", "active"),
    [
        (LLAMA_3_8B, 8.03e9, 8.03e9),
        (QWEN3_30B_A3B, 30.5e9, 3.3e9),
        (GPT_OSS_20B, 20.9e9, 4.2e9),  # 3.6 of them behind the embedding
        (QWEN2_05B, 0.494e9, 0.494e9),
        (GPT2Config(), 0.1244e9, 0.1244e9),
        (MixtralConfig(), 46.7e9, 12.9e9),
        (DeepseekV3Config(), 671e9, 37e9),
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
def test_weights_are_those_that_are_known_of_a_model(
    config: PretrainedConfig, n: float, active: float
) -> None:
    weights = count_weights(config)
    assert weights is not None
    assert weights.n == pytest.approx(n, rel=0.005)
    assert weights.n_active == pytest.approx(active, rel=0.03)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_count_is_that_of_the_model_itself(family: str) -> None:
    model = AutoModelForCausalLM.from_config(FAMILIES[family])
    weights = count_weights(FAMILIES[family])
    assert weights is not None
    assert weights.n == sum(one.numel() for one in model.parameters())


def test_what_cannot_be_built_is_not_counted() -> None:
    assert count_weights(PretrainedConfig(auto_map={"AutoModelForCausalLM": "own.Own"})) is None


def test_counting_leaves_the_configuration_as_it_was() -> None:
    config = LlamaConfig(**FAMILIES["llama"].to_dict(), quantization_config={"quant_method": "fp8"})
    before = config.to_json_string()
    assert count_weights(config) is not None
    assert config.to_json_string() == before


def test_packed_weights_are_counted_by_the_headers_of_their_files(tmp_path: Path) -> None:
    save_packed(tmp_path, "gptq")
    (file,) = weight_files(tmp_path)
    # The embedding's bfloat16 stays, half of it would not be a bound
    stored = stored_bytes([file], "float32")
    assert stored is not None and 0.9 * file.stat().st_size < stored <= file.stat().st_size
    assert stored_bytes([tmp_path / "missing.safetensors"], "float32") is None
    file.write_bytes(b"hello")
    assert stored_bytes([file], "float32") is None


EIGHT_B = Weights(8_030_000_000, 1_050_000_000)
SIX_GPU = {"cuda:0": 6 * GB}


@pytest.mark.parametrize(
    ("dtype", "device", "free", "told", "hint"),
    [
        (
            "bfloat16",
            "cuda:0",
            FreeMemory(GB, {"cuda:0": 22 * GB}),
            "reading 8.0 billion weights: about 16.1 GB in bfloat16 on cuda:0, 22.0 GB free",
            "",
        ),
        (
            "float32",
            "cpu",
            FreeMemory(20 * GB),
            "",
            "try --dtype bfloat16 (16.1 GB), a bitsandbytes or GPTQ variant in 8 or 4 bits (9.1 "
            "GB, 5.6 GB) or a smaller model (up to 10.0 billion weights in bfloat16)",
        ),
        (
            "bfloat16",
            "cuda:0",
            FreeMemory(32 * GB, SIX_GPU),
            "",
            "try --device-map auto (38.0 GB free in all), a bitsandbytes or GPTQ variant in 4 bits "
            "(5.6 GB) or a smaller model (up to 3.0 billion weights in bfloat16)",
        ),
        (
            "bfloat16",
            "cpu",
            FreeMemory(2 * GB, {"cuda:0": 24 * GB}),
            "",
            "try --device cuda:0 (24.0 GB free) or a smaller model (up to 1.0 billion weights in "
            "bfloat16)",
        ),
        (
            "float32",
            "cpu",
            FreeMemory(GB),
            "",
            "try a smaller model (up to 500 million weights in bfloat16)",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(
    dtype: str, device: str, free: FreeMemory, told: str, hint: str
) -> None:
    need = Need(EIGHT_B, EIGHT_B.n * (4 if dtype == "float32" else 2), dtype, device)
    assert need.fits(free) == (not hint)
    if hint:
        error = need.refusal("Some-8B", free)
        assert error.hint == hint
        assert error.message.startswith("Some-8B does not fit: 8.0 billion weights take about ")
        assert error.message.endswith(" are free")
    else:
        assert need.told(free) == told


def test_where_free_memory_is_not_known_nothing_is_refused() -> None:
    need = Need(EIGHT_B, 16 * GB, "bfloat16", "xpu:0")
    assert need.fits(FreeMemory(GB))
    assert need.told(FreeMemory(GB)).endswith("about 16.0 GB in bfloat16 on xpu:0")


def test_a_quantised_model_is_offered_no_quantised_variant() -> None:
    need = Need(EIGHT_B, 6 * GB, "bfloat16", "cuda:0", packed_as="GPTQ")
    free = FreeMemory(GB, {"cuda:0": 5 * GB})
    assert "variant" not in need.refusal("Some-8B", free).hint
    assert "about 6.0 GB in GPTQ, bfloat16 on cuda:0" in need.refusal("Some-8B", free).message


def planned(
    folder: Path, free: FreeMemory, config: PretrainedConfig, **more: str
) -> plan.ReadingPlan:
    source = Source(str(folder), str(folder), folder)
    return plan_reading(
        ModelChoice(str(folder), **more), source, config, "cpu", "float32", lambda: free
    )


def test_never_refused_when_there_is_room(tiny_llama: Path) -> None:
    config = FAMILIES["llama"]
    weights = count_weights(config)
    assert weights is not None
    need = weights.n * 4 + 64 * 4 * (config.hidden_size + config.vocab_size)
    assert planned(tiny_llama, FreeMemory(need), config).told.startswith("reading ")
    with pytest.raises(ModelError, match="does not fit"):
        planned(tiny_llama, FreeMemory(need - 1), config)


def test_spread_over_devices_they_count_together_and_the_disk_holds_the_rest(
    tiny_llama: Path,
) -> None:
    config = LLAMA_3_8B
    both = FreeMemory(20 * GB, {"cuda:0": 20 * GB})
    told = planned(tiny_llama, both, config, device_map="auto").told
    assert told.endswith("on all devices, 40.0 GB free")
    told = planned(tiny_llama, FreeMemory(20 * GB), config, device_map="auto").told
    assert told.endswith("on all devices and the disk, 20.0 GB free")
    with pytest.raises(ModelError, match="on all devices, 20"):
        planned(tiny_llama, FreeMemory(20 * GB), QWEN3_30B_A3B, device_map="auto")


def test_packed_weights_that_are_not_here_yet_are_estimated_by_their_bits(tmp_path: Path) -> None:
    config = LlamaConfig(
        **LLAMA_3_8B.to_dict(),
        quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True},
    )
    pytest.importorskip("bitsandbytes")
    folder = save_huge_description(tmp_path)
    told = planned(folder, FreeMemory(20 * GB), config).told
    assert "about 5.6 GB in bitsandbytes 4-bit, float32 on cpu" in told
    with pytest.raises(ModelError, match="does not fit"):
        planned(folder, FreeMemory(5 * GB), config)


def test_a_model_that_does_not_fit_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr(intact.AutoModelForCausalLM, "from_pretrained", read)
    listener = Listener()
    with pytest.raises(ModelError, match=r"does not fit: [\d,.]+ billion weights") as caught:
        load(save_huge_description(tmp_path), listener=listener)
    assert "a smaller model" in caught.value.hint
    assert [name for name, _ in listener.stages] == ["tokenizer"]


def test_damage_is_told_rather_than_size(tmp_path: Path) -> None:
    folder = save_huge_description(tmp_path)
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"model-00001-of-00002\.safetensors is not there"):
        load(folder)


def test_the_need_is_told_while_weights_are_read(tiny_llama: Path, listener: Listener) -> None:
    load(tiny_llama, tiny_llama, listener)
    assert listener.stages[-1][1].startswith("reading 50,784 weights: about ")
