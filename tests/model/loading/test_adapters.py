"""Adapters are applied whole: merged or beside quantised weights, or refused with the cause."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from accelerate import disk_offload
from peft import (
    DeloraConfig,
    IA3Config,
    LNTuningConfig,
    LoHaConfig,
    LoKrConfig,
    OFTConfig,
    PeftConfig,
    get_peft_model,
)
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    LlamaConfig,
    PreTrainedModel,
)

from neufs_tui.core.model_shape import dense_shape
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings, ModelChoice
from neufs_tui.errors import ModelError, NeufsError, UsageError
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading import adapters, pretrained
from neufs_tui.model.loading.checked import load_checked_model
from neufs_tui.model.loading.ffn_check import check_weights
from neufs_tui.model.loading.self_check import check_structure
from neufs_tui.model.pushes import Pushes
from tests.adapters import LLAMA_LINEAR, lora, put_on, save_adapter
from tests.captures import assert_same
from tests.models import Listener, load, only_ffns
from tests.tiny import CORPUS, FAMILIES, save_tiny_model, tiny_tokenizer

IDS = torch.arange(5, 25)[None]
TASK = Task((Label("With Explanation"), Label("Without Explanation"), Label("praise")), "Classify.")
_FOR = {"target_modules": LLAMA_LINEAR, "task_type": "CAUSAL_LM"}
KINDS: dict[str, tuple[str, PeftConfig]] = {
    "LoRA": ("llama", lora()),
    "LoRA of transposed weights with biases": (
        "gpt2",
        lora("c_attn", "c_fc", "c_proj", fan_in_fan_out=True, bias="all"),
    ),
    "LoRA beneath norms": ("gemma2", lora()),
    "LoRA of one layer": ("llama", lora("down_proj", layers_to_transform=[1])),
    "LoRA of the ends": ("llama", lora("embed_tokens", "lm_head")),
    "LoRA of a head that is the embedding too": ("gemma", lora("lm_head", "q_proj")),
    "LoRA of an embedding that is the head too": ("gemma", lora("embed_tokens", "q_proj")),
    "a new embedding that was the head too": ("gemma", lora("q_proj", modules_to_save=["lm_head"])),
    "a few tokens of both ends": ("gemma", lora("q_proj", trainable_token_indices=[7, 9])),
    "a new head": ("llama", lora("q_proj", modules_to_save=["lm_head"])),
    "both ends anew": ("qwen3", lora("q_proj", modules_to_save=["embed_tokens", "lm_head"])),
    "a few tokens": ("llama", lora("q_proj", trainable_token_indices=[7, 9])),
    "PiSSA": ("llama", lora(init_lora_weights="pissa")),
    "DoRA": ("llama", lora(use_dora=True)),
    "LoHa": ("llama", LoHaConfig(r=4, **_FOR)),
    "LoKr": ("llama", LoKrConfig(r=4, **_FOR)),
    "OFT": ("llama", OFTConfig(r=0, oft_block_size=4, **_FOR)),
    "DeLoRA": ("llama", DeloraConfig(r=4, **_FOR)),
    "IA3": ("llama", IA3Config(feedforward_modules=["down_proj"], **_FOR)),
    "norms": ("llama", LNTuningConfig(target_modules=["input_layernorm"], task_type="CAUSAL_LM")),
}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of each family that is adapted here."""
    folder = tmp_path_factory.mktemp("bases")
    for family in {family for family, _ in KINDS.values()}:
        save_tiny_model(folder / family, family)
    return folder


@pytest.fixture
def mine(bases: Path, tmp_path: Path) -> Path:
    """A LoRA on the tiny Llama."""
    save_adapter(tmp_path / "mine", bases / "llama")
    return tmp_path / "mine"


def logits(model: PreTrainedModel) -> Tensor:
    with torch.inference_mode():
        return model(input_ids=IDS).logits


def captured(loaded: LoadedModel, texts: Sequence[str] = CORPUS) -> list[Capture]:
    encoder = PromptEncoder(loaded.tokenizer, TASK, context_window=loaded.context_window)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings())
    return list(runner.capture([encoder.prompt(text) for text in texts]))


@pytest.mark.parametrize(("family", "config"), KINDS.values(), ids=KINDS)
def test_what_is_read_is_what_peft_applies(
    family: str, config: PeftConfig, bases: Path, tmp_path: Path
) -> None:
    applied = save_adapter(tmp_path / "mine", bases / family, config)
    listener = Listener()
    loaded = load(tmp_path / "mine", tmp_path, listener)
    torch.testing.assert_close(logits(loaded.model), logits(applied), atol=1e-5, rtol=1e-4)
    alone = logits(AutoModelForCausalLM.from_pretrained(bases / family, dtype=torch.float32))
    assert (logits(loaded.model) - alone).abs().max() > 0.01
    check_weights(loaded)
    assert loaded.name == str(tmp_path / "mine") and loaded.base == str(bases / family)
    told = f"putting the adapter {tmp_path / 'mine'} on {bases / family}"
    assert ("weights", told) in listener.stages
    assert not [name for name, _ in loaded.model.named_modules() if "lora" in name]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2"])
def test_unmerged_and_merged_give_the_same_captures(
    family: str, bases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = ["c_fc", "c_proj"] if family == "gpt2" else ["up_proj", "down_proj", "v_proj"]
    config = lora(*targets, fan_in_fan_out=family == "gpt2")
    save_adapter(tmp_path / "mine", bases / family, config)
    merged = load(tmp_path / "mine", tmp_path)
    monkeypatch.setattr(adapters, "is_quantised", lambda _: True)
    beside = load(tmp_path / "mine", tmp_path)
    assert "lora" in type(only_ffns(beside.architecture)[0].down_projection).__module__
    assert beside.fingerprint == merged.fingerprint
    assert beside.architecture.shape == merged.architecture.shape == dense_shape(3, 48)
    check_weights(beside)
    for layer in range(3):
        one, other = (
            Pushes(loaded.architecture, [3, 5]).of(layer, torch.arange(2), None)
            for loaded in (beside, merged)
        )
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    assert_same(captured(beside), captured(merged))
    scores = [one.scores.tolist() for one in captured(merged)]
    assert scores != [one.scores.tolist() for one in captured(load(bases / family, tmp_path))]


@pytest.mark.parametrize("bits", [4, 8])
def test_quantised_weights_keep_an_adapter_beside_them(bits: int, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    # The packed layers of some CPUs take multiples of 32 rows
    wide = {"hidden_size": 128, "intermediate_size": 256, "head_dim": 32}
    config = LlamaConfig(**FAMILIES["llama"].to_dict() | wide)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "plain")
    how = BitsAndBytesConfig(
        load_in_4bit=bits == 4, load_in_8bit=bits == 8, bnb_4bit_compute_dtype=torch.float32
    )
    packed = AutoModelForCausalLM.from_pretrained(
        tmp_path / "plain", quantization_config=how, device_map={"": "cpu"}
    )
    packed.save_pretrained(tmp_path / "packed")
    tiny_tokenizer().save_pretrained(tmp_path / "packed")
    applied = put_on(packed, lora("down_proj", "q_proj"))
    applied.save_pretrained(tmp_path / "mine")
    loaded = load(tmp_path / "packed", tmp_path, adapter=str(tmp_path / "mine"))
    check_structure(loaded)
    check_weights(loaded)
    layer = only_ffns(loaded.architecture)[1].down_projection
    assert not layer.base_layer.weight.is_floating_point()
    torch.testing.assert_close(logits(loaded.model), logits(applied), atol=1e-3, rtol=1e-2)
    alone = load(tmp_path / "packed", tmp_path)
    assert (logits(loaded.model) - logits(alone.model)).abs().max() > 0.01
    assert loaded.fingerprint != alone.fingerprint


def test_a_model_that_was_checked_before_is_read_in_the_same_way(
    mine: Path, tmp_path: Path
) -> None:
    choice = ModelChoice(str(mine), device="cpu", dtype="float32", device_map="auto")
    first, second = (load_checked_model(choice, tmp_path, Listener()) for _ in range(2))
    assert_same(captured(first), captured(second))
    assert second.ways == first.ways


def test_it_is_merged_in_the_precision_of_the_weights(mine: Path, tmp_path: Path) -> None:
    loaded, exact = load(mine, tmp_path, dtype="bfloat16"), load(mine, tmp_path)
    pairs = zip(loaded.model.parameters(), exact.model.parameters(), strict=True)
    for rounded, weight in pairs:
        assert rounded.dtype == torch.bfloat16
        # The base was rounded, and so was the sum
        torch.testing.assert_close(rounded.float(), weight, atol=0.02, rtol=0.01)


def saved_with_more_tokens(folder: Path, base: Path, *, ways: Sequence[str]) -> PreTrainedModel:
    """An adapter of a model that was taught five tokens; `ways` are the modules saved with it."""
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens([f"<new{i}>" for i in range(40)])
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model.resize_token_embeddings(len(tokenizer) + 5)
    config = lora("q_proj", modules_to_save=[*ways]) if ways else lora("q_proj")
    applied = put_on(model, config)
    applied.save_pretrained(folder, save_embedding_layers=not ways)
    tokenizer.save_pretrained(folder)
    return applied


@pytest.mark.parametrize("ways", [(), ("embed_tokens", "lm_head")])
@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_tokens_that_an_adapter_was_taught_come_with_it(
    ways: Sequence[str], family: str, tmp_path: Path
) -> None:
    base = save_tiny_model(tmp_path / "base", family)
    applied = saved_with_more_tokens(tmp_path / "mine", base, ways=ways)
    loaded = load(tmp_path / "mine", tmp_path)
    n_rows = len(loaded.tokenizer) + 5
    assert n_rows > 430 and loaded.model.get_input_embeddings().weight.shape[0] == n_rows
    assert "<new39>" in loaded.tokenizer.get_vocab()
    torch.testing.assert_close(logits(loaded.model), logits(applied), atol=1e-4, rtol=1e-4)


def test_tokens_of_which_an_adapter_brings_one_end_alone_are_refused(
    bases: Path, tmp_path: Path
) -> None:
    saved_with_more_tokens(tmp_path / "mine", bases / "llama", ways=["embed_tokens"])
    with pytest.raises(ModelError, match=r"brings \d+ rows of the embedding for a model with 430"):
        load(tmp_path / "mine", tmp_path)


Break = Callable[[Path], object]


def changed_weights(change: Callable[[dict[str, Tensor]], object]) -> Break:
    def breaking(folder: Path) -> None:
        weights = load_file(folder / "adapter_model.safetensors")
        change(weights)
        save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})

    return breaking


def changed_config(**fields: object) -> Break:
    def breaking(folder: Path) -> None:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    return breaking


def without_second_matrices(weights: dict[str, Tensor]) -> None:
    for key in weights:
        if "lora_B" in key:
            weights[key].zero_()


B = "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"
BROKEN: dict[str, tuple[Break, str, str]] = {
    "the weights are missing": (
        lambda folder: (folder / "adapter_model.safetensors").unlink(),
        r"has no weights: there is no adapter_model\.safetensors",
        "copy or fetch",
    ),
    "the weights are cut short": (
        lambda folder: (folder / "adapter_model.safetensors").write_bytes(
            (folder / "adapter_model.safetensors").read_bytes()[:-100]
        ),
        "damaged or cut short",
        "copy or fetch",
    ),
    "a weight is missing": (
        changed_weights(lambda weights: weights.pop(B)),
        r"lacks 1 weight \(.*layers\.1\.mlp\.down_proj\.lora_B.*\), for which .* has a place",
        "--model BASE --adapter",
    ),
    "a weight is of a layer that is not there": (
        changed_weights(
            lambda weights: weights.update({B.replace("1", "9", 1): weights[B].clone()})
        ),
        r"has 1 weight \(.*layers\.9\.mlp\.down_proj\.lora_B.*\) without a place in",
        "--model BASE --adapter",
    ),
    "a weight has another shape": (
        changed_weights(lambda weights: weights.update({B: torch.zeros(40, 4)})),
        r"has 1 weight \(model\.layers\.1.*\) of another shape than .*: \(40, 4\), not \(32, 4\)",
        "--model BASE --adapter",
    ),
    "its modules are not there": (
        changed_config(target_modules=["c_attn"]),
        r"does not fit on .*: Target modules .*c_attn.* not found",
        "--model BASE --adapter",
    ),
    "a module saved with it is missing": (
        changed_config(modules_to_save=["lm_head"]),
        r"does not fit on .*lm_head",
        "--model BASE --adapter",
    ),
    "it was never trained": (
        changed_weights(without_second_matrices),
        r"changes nothing of",
        "train it first",
    ),
    "a weight is not a number": (
        changed_weights(lambda weights: weights[B][0, 0].fill_(torch.nan)),
        r"mine, read in float32, has 1 weight \(model\.layers\.1\..*down_proj\.weight\) with nan",
        "",
    ),
    "peft does not know it": (
        changed_config(peft_type="NEWEST"),
        "is of the kind NEWEST, which the peft here does not know",
        "upgrade peft",
    ),
    "peft does not merge it": (
        changed_config(alora_invocation_tokens=[3]),
        "peft does not merge the adapter .* aLoRA",
        "such as LoRA",
    ),
    "it is nonsense": (changed_config(r="four"), "mine", ""),
}


@pytest.mark.parametrize(("breaking", "message", "hint"), BROKEN.values(), ids=BROKEN)
def test_an_adapter_that_cannot_have_its_whole_effect_is_refused(
    breaking: Break, message: str, hint: str, mine: Path, tmp_path: Path
) -> None:
    breaking(mine)
    with pytest.raises(ModelError, match=message) as caught:
        load(mine, tmp_path)
    assert str(mine) in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


def test_an_adapter_that_changes_nothing_is_refused_beside_quantised_weights_too(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "is_quantised", lambda _: True)
    changed_weights(without_second_matrices)(mine)
    with pytest.raises(ModelError, match="changes nothing of"):
        load(mine, tmp_path)


def test_an_adapter_of_a_wider_or_deeper_base_is_refused(
    mine: Path, bases: Path, tmp_path: Path
) -> None:
    for changed, message in (
        ({"intermediate_size": 64}, "of another shape than"),
        ({"num_hidden_layers": 2, "layer_types": None}, r"layers\.2\..* without a place"),
        ({"num_hidden_layers": 5, "layer_types": None}, r"lacks .*layers\.3\..*has a place"),
    ):
        other = tmp_path / str(next(iter(changed.values())))
        config = LlamaConfig(**FAMILIES["llama"].to_dict() | changed)
        AutoModelForCausalLM.from_config(config).save_pretrained(other)
        tiny_tokenizer().save_pretrained(other)
        with pytest.raises(ModelError, match=message) as caught:
            load(other, tmp_path, adapter=str(mine))
        assert f"--adapter {mine}" in caught.value.hint


def test_a_model_partly_outside_its_devices_takes_no_adapter(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = pretrained.whole_model

    def offloaded(*args: object, **more: object) -> PreTrainedModel:
        return disk_offload(read(*args, **more), str(tmp_path / "off"), torch.device("cpu"))

    monkeypatch.setattr(pretrained, "whole_model", offloaded)
    with pytest.raises(ModelError, match="a part lies outside its devices"):
        load(mine, tmp_path)


def test_without_peft_the_package_is_named(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(UsageError, match=f"the adapter {mine} needs peft") as caught:
        load(mine, tmp_path)
    assert caught.value.hint == "pip install 'neufs-tui[adapters]'"


def test_full_weights_are_read_without_the_adapter_beside_them(
    mine: Path, bases: Path, tmp_path: Path
) -> None:
    both = shutil.copytree(bases / "llama", tmp_path / "both")
    for file in mine.glob("adapter_*"):
        shutil.copy(file, both)
    alone, with_it = load(both, adapter="none"), load(both, adapter=str(both))
    plain = load(bases / "llama", tmp_path)
    assert torch.equal(logits(alone.model), logits(plain.model))
    assert alone.fingerprint == plain.fingerprint != with_it.fingerprint
    torch.testing.assert_close(logits(with_it.model), logits(load(mine, tmp_path).model))
    with pytest.raises(NeufsError, match="holds full weights and an adapter"):
        load(both)


@pytest.mark.embedded
def test_a_lora_trained_on_the_embedded_model_is_read_as_its_merged_model(
    embedded_models_dir: Path, tmp_path: Path
) -> None:
    plain = load("smollm2-135m", embedded_models_dir)
    folder = plain.files[0].parent
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    torch.manual_seed(0)
    applied = get_peft_model(model, lora("q_proj", "v_proj", "up_proj", "down_proj"))
    optimiser = torch.optim.AdamW((p for p in applied.parameters() if p.requires_grad), lr=2e-3)
    for text in CORPUS:
        ids = tokenizer(text, return_tensors="pt").input_ids
        applied(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    applied.eval().save_pretrained(tmp_path / "mine")
    changed_config(base_model_name_or_path="smollm2-135m")(tmp_path / "mine")
    found = load(tmp_path / "mine", embedded_models_dir)
    assert found.base == "smollm2-135m"
    applied.merge_and_unload().save_pretrained(tmp_path / "merged")
    tokenizer.save_pretrained(tmp_path / "merged")
    texts = CORPUS[:2]
    read = captured(found, texts)
    assert_same(read, captured(load(tmp_path / "merged"), texts))
    for one, other in zip(read, captured(plain, texts), strict=True):
        assert abs(one.scores - other.scores).max() > 1e-2
        assert one.neurons.tolist() != other.neurons.tolist()
