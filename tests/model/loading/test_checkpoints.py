"""Checkpoints that are not whole, each refused with its cause and a hint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, LlamaConfig, T5Config

from neufs_tui.errors import ModelError
from neufs_tui.model.loading.failures import told_of
from tests.models import Listener, load
from tests.tiny import FAMILIES, save_tiny_gguf, save_tiny_model, tiny_tokenizer

DOWN = "model.layers.1.mlp.down_proj.weight"
LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123\n"

Break = Callable[[Path], object]


class NotATensor:
    """What torch does not unpickle."""


def changed_weights(change: Callable[[dict[str, Tensor]], object]) -> Break:
    def breaking(folder: Path) -> None:
        file = folder / "model.safetensors"
        weights = load_file(file)
        change(weights)
        save_file(weights, file, metadata={"format": "pt"})

    return breaking


def changed_config(**fields: object) -> Break:
    def breaking(folder: Path) -> None:
        file = folder / "config.json"
        config = json.loads(file.read_text()) | fields
        kept = {field: value for field, value in config.items() if value is not None}
        file.write_text(json.dumps(kept))

    return breaking


def written(name: str, text: str) -> Break:
    return lambda folder: (folder / name).write_text(text)


def cut(name: str, share: float) -> Break:
    def breaking(folder: Path) -> None:
        file = folder / name
        content = file.read_bytes()
        file.write_bytes(content[: int(share * len(content))])

    return breaking


def sharded(breaking: Callable[[Path], object]) -> Break:
    def in_shards(folder: Path) -> None:
        model = AutoModelForCausalLM.from_pretrained(folder)
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="40KB")
        breaking(sorted(folder.glob("model-*.safetensors"))[1])

    return in_shards


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({DOWN: NotATensor()}, folder / "pytorch_model.bin")


def not_pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"hello")


def without_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / name).unlink()


TOGETHER = "belong together"
AGAIN = "copy or fetch that file again"
BROKEN: dict[str, tuple[Break, str, str]] = {
    "a weight is missing": (
        changed_weights(lambda weights: weights.pop(DOWN)),
        rf"lacks 1 weight \({DOWN}\), which would be random",
        TOGETHER,
    ),
    "many weights are missing": (
        changed_weights(lambda weights: [weights.pop(key) for key in list(weights)[:7]]),
        r"lacks 7 weights \(.*, .*, .*, …\)",
        TOGETHER,
    ),
    "a weight has another shape": (
        changed_weights(lambda weights: weights.update({DOWN: torch.zeros(32, 40)})),
        rf"1 weight \({DOWN}\) of another shape .* is \(32, 40\), not \(32, 48\)",
        TOGETHER,
    ),
    "the checkpoint has more layers": (
        changed_config(num_hidden_layers=2, layer_types=None),
        r"9 weights \(model\.layers\.2\..*, …\) without a place",
        TOGETHER,
    ),
    "the checkpoint has biases": (
        changed_weights(
            lambda weights: weights.update({"model.layers.0.mlp.up_proj.bias": torch.zeros(48)})
        ),
        r"1 weight \(model\.layers\.0\.mlp\.up_proj\.bias\) without a place",
        TOGETHER,
    ),
    "a weight is not a number": (
        changed_weights(lambda weights: weights[DOWN][0, 0].fill_(torch.nan)),
        rf"read in float32, has 1 weight \({DOWN}\) with nan or inf",
        TOGETHER,
    ),
    "an adapter lies beside": (
        written("adapter_config.json", "{}"),
        "holds full weights and an adapter",
        "--adapter none",
    ),
    "the weights are an LFS pointer": (
        written("model.safetensors", LFS_POINTER),
        r"model\.safetensors is a Git LFS pointer",
        "git lfs pull",
    ),
    "the tokenizer is an LFS pointer": (
        written("tokenizer.json", LFS_POINTER),
        r"tokenizer\.json is a Git LFS pointer",
        "git lfs pull",
    ),
    "the weights are cut short": (
        cut("model.safetensors", 0.5),
        r"model\.safetensors is damaged or cut short: .*not fully covered",
        AGAIN,
    ),
    "the weights are empty": (
        cut("model.safetensors", 0),
        r"model\.safetensors is damaged or cut short",
        AGAIN,
    ),
    "a shard is cut short": (
        sharded(lambda shard: cut(shard.name, 0.9)(shard.parent)),
        r"model-00002-of-\d+\.safetensors is damaged or cut short",
        AGAIN,
    ),
    "a shard is missing": (
        sharded(lambda shard: shard.unlink()),
        r"the shard .*model-00002-of-\d+\.safetensors is not there",
        AGAIN,
    ),
    "the weights hold other objects": (
        pickled,
        r"pytorch_model\.bin is damaged, or holds objects other than tensors",
        "as safetensors",
    ),
    "the weights are no pickle": (not_pickled, r"pytorch_model\.bin is damaged", "as safetensors"),
    "there are no weights": (
        lambda folder: (folder / "model.safetensors").unlink(),
        r"reading the weights of .* failed: .*no file named model\.safetensors",
        "complete",
    ),
    "the configuration is not JSON": (
        written("config.json", '{"model_type": "llama",'),
        r"config\.json cannot be read as JSON: .*line 1",
        AGAIN,
    ),
    "the configuration is a list": (
        written("config.json", "[]"),
        r"config\.json holds no JSON object",
        AGAIN,
    ),
    "the configuration names no type": (
        changed_config(model_type=None, architectures=None),
        r"config\.json names no model_type",
        "save_pretrained",
    ),
    "the type is unknown": (
        changed_config(model_type="llama99"),
        r"config\.json names the model_type 'llama99', which transformers \S+ does not know",
        "upgrade transformers",
    ),
    "the configuration is nonsense": (
        changed_config(num_attention_heads="four"),
        r"reading the config\.json of .* failed: .*num_attention_heads.*four",
        TOGETHER,
    ),
    "the tokenizer is cut short": (
        cut("tokenizer.json", 0.5),
        r"tokenizer\.json cannot be read as JSON: ",
        AGAIN,
    ),
    "the tokenizer is another JSON": (
        written("tokenizer.json", "{}"),
        r"reading the tokenizer of .* failed",
        TOGETHER,
    ),
    "there is no tokenizer": (without_tokenizer, "holds no tokenizer", "trained with"),
}


@pytest.mark.parametrize(("breaking", "message", "hint"), BROKEN.values(), ids=BROKEN)
def test_a_checkpoint_that_is_not_whole_is_refused_with_the_cause(
    breaking: Break, message: str, hint: str, tiny_llama: Path, tmp_path: Path, listener: Listener
) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "broken")
    breaking(folder)
    with pytest.raises(ModelError, match=message) as caught:
        load(folder, listener=listener)
    assert str(folder) in caught.value.message
    assert hint in caught.value.hint and "hub" not in caught.value.hint.replace("a hub id", "")


@pytest.mark.parametrize("family", ["qwen3", "gpt2", "gemma"])
def test_a_tokenizer_without_a_vocabulary_is_refused(
    family: str, tmp_path: Path, listener: Listener
) -> None:
    folder = save_tiny_model(tmp_path, family)
    without_tokenizer(folder)
    with pytest.raises(ModelError, match=r"tokenizer of .* does not read text"):
        load(folder, listener=listener)


def test_a_tokenizer_with_more_tokens_than_the_embedding_has_rows_is_refused(
    tmp_path: Path, listener: Listener
) -> None:
    save_with_rows(tmp_path, 300)
    with pytest.raises(ModelError, match=r"has 94 tokens \(.*\) beyond the 300 rows"):
        load(tmp_path, listener=listener)


def test_a_turn_marker_without_a_row_is_refused(tmp_path: Path, listener: Listener) -> None:
    save_with_rows(tmp_path, 394)
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|turn|>"]})
    tokenizer.chat_template = "<|turn|>" + str(tokenizer.chat_template)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"has 1 token \(<\|turn\|>\) beyond the 394 rows"):
        load(tmp_path, listener=listener)


def test_added_tokens_without_a_row_are_borne_where_no_prompt_holds_them(
    tmp_path: Path, listener: Listener
) -> None:
    save_with_rows(tmp_path, 394)
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens(
        {"pad_token": "<|pad|>", "additional_special_tokens": ["<|image|>"]}
    )
    tokenizer.save_pretrained(tmp_path)
    assert load(tmp_path, listener=listener).pad_id == tokenizer.eos_token_id


def test_an_encoder_is_refused_by_its_type(tmp_path: Path, listener: Listener) -> None:
    T5Config(vocab_size=430).save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="'t5', which is no decoder-only causal language model"):
        load(tmp_path, listener=listener)


def test_layers_that_predict_further_tokens_are_rightly_left_out(
    tiny_llama: Path, tmp_path: Path, listener: Listener
) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "more")
    changed_config(num_hidden_layers=2, num_nextn_predict_layers=1, layer_types=None)(folder)
    assert load(folder, listener=listener).architecture.n_layers == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_checkpoint_is_loaded_tied_or_not(
    family: str, tmp_path: Path, listener: Listener
) -> None:
    assert load(save_tiny_model(tmp_path, family), listener=listener).name == str(tmp_path)


def test_a_tied_head_that_is_not_tied_is_missing(tmp_path: Path, listener: Listener) -> None:
    save_tiny_model(tmp_path, "gemma3")
    changed_config(tie_word_embeddings=False)(tmp_path)
    with pytest.raises(ModelError, match=r"lacks 1 weight \(lm_head\.weight\)"):
        load(tmp_path, listener=listener)


def test_a_gguf_file_that_lacks_a_tensor_is_refused_and_leaves_nothing(
    tmp_path: Path, listener: Listener
) -> None:
    path = save_tiny_gguf(tmp_path / "tiny.gguf", leave_out="blk.1.ffn_down")
    models = tmp_path / "models"
    with pytest.raises(ModelError, match=r"tiny\.gguf lacks 1 weight .*layers\.1\.mlp\.down_proj"):
        load(path, models, listener)
    assert [one for one in models.iterdir() if one.is_dir()] == []


def test_code_that_is_not_trusted_is_not_run(tiny_llama: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "coded")
    changed_config(model_type="own", auto_map={"AutoConfig": "own.OwnConfig"})(folder)
    (folder / "own.py").write_text("raise SystemExit('it was run')\n")
    with pytest.raises(ModelError, match="comes with code of its own") as caught:
        load(folder)
    assert "--trust-remote-code" in caught.value.hint


def test_running_out_of_memory_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="tiny does not fit into the memory") as caught:  # noqa: SIM117
        with told_of("reading the weights of", "tiny", folder=tmp_path):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    assert "--dtype bfloat16" in caught.value.hint


def save_with_rows(folder: Path, n_rows: int) -> None:
    config = LlamaConfig(**FAMILIES["llama"].to_dict() | {"vocab_size": n_rows})
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
