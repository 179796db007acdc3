"""What each way of quantising needs, told before weights are read; docs/models.md says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PretrainedConfig
from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loading import intact, quantisation
from neufs_tui.model.loading.checked import load_checked_model
from neufs_tui.model.loading.intact import whole_model
from neufs_tui.model.loading.plan import plan_reading
from neufs_tui.model.loading.quantisation import (
    METHODS,
    Quantisation,
    find_quantisation,
    only_dtype,
    refuse_unreadable,
)
from neufs_tui.model.loading.sources import Source
from neufs_tui.model.loading.tokenizer import read_tokenizer
from neufs_tui.model.weights import applied_weight, is_plain
from tests.models import Listener, load
from tests.quantised import DOWN, describe, save_mxfp4, save_packed, save_wide_llama

TABLE = Path(__file__).parents[3] / "docs" / "models.md"


def described(**said: object) -> Quantisation:
    found = find_quantisation(PretrainedConfig(quantization_config=said))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "name", "bits"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes_4bit", 4),
        ({"load_in_8bit": True}, "bitsandbytes_8bit", 8),
        ({"quant_method": "gptq", "bits": 3}, "gptq", 3),
        ({"quant_method": "mxfp4"}, "mxfp4", None),
    ],
)
def test_the_method_is_named_as_transformers_names_it(
    said: dict[str, Any], name: str, bits: int | None
) -> None:
    found = described(**said)
    assert (found.name, found.bits) == (name, bits)
    assert found.method is METHODS[name]


def test_a_plain_checkpoint_is_not_quantised() -> None:
    assert find_quantisation(PretrainedConfig()) is None
    assert find_quantisation(PretrainedConfig(quantization_config=None)) is None


def test_the_methods_are_those_of_transformers() -> None:
    assert set(METHODS) <= set(AUTO_QUANTIZATION_CONFIG_MAPPING)


@pytest.mark.parametrize("name", METHODS)
def test_the_table_of_the_documentation_says_the_same(name: str) -> None:
    method = METHODS[name]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in TABLE.read_text().splitlines()
        if line.startswith(f"| {method.label} |")
    ]
    assert len(rows) == 1
    _, how, packages, device, _ = rows[0]
    if not method.is_read:
        assert how == "refused"
        return
    assert how.startswith("unpacked" if method.unpacked == "on loading" else "as applied")
    assert packages == (", ".join(f"`{wanted}`" for _, wanted in method.packages) or "none")
    assert device.startswith("CUDA" if method.needs_cuda else "CPU")


@pytest.mark.parametrize(
    ("said", "device", "has_cuda", "message", "hint"),
    [
        ({"quant_method": "modelopt"}, "cpu", False, "by 'modelopt', which transformers", "un"),
        ({"bits": 4}, "cpu", False, "by '', which transformers", "unquantised"),
        ({"quant_method": "hqq"}, "cuda", True, "by HQQ, which .* does not read back", "docs/"),
        ({"quant_method": "eetq"}, "cpu", False, "CUDA device alone, and there is none", "docs/"),
        ({"quant_method": "eetq"}, "cpu", True, "CUDA device alone, not on cpu", "--device cuda"),
        (
            {"quant_method": "gptq"},
            "cpu",
            False,
            "by GPTQ and needs the packages optimum and gptqmodel$",
            "`pip install optimum gptqmodel`",
        ),
        (
            {"quant_method": "aqlm"},
            "auto",
            True,
            r"needs the package aqlm\[cpu,gpu\]",
            "'aqlm[cpu,gpu]'",
        ),
    ],
)
def test_what_is_not_read_here_is_refused(
    said: dict[str, Any],
    device: str,
    has_cuda: bool,
    message: str,
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantisation, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=message) as caught:
        refuse_unreadable("Some-4B", described(**said), device, has_cuda=has_cuda)
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].is_read])
def test_with_package_and_device_every_other_method_is_read(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "find_spec", lambda _: object())
    refuse_unreadable("Some-4B", Quantisation(name, {}), "cuda:0", has_cuda=True)


@pytest.mark.parametrize(
    ("said", "device", "dtype"),
    [
        ({"quant_method": "torchao"}, "cpu", "bfloat16"),
        ({"quant_method": "awq"}, "cuda:0", "float16"),
        ({"quant_method": "awq"}, "cpu", None),
        ({"quant_method": "gptq"}, "cuda:0", None),
    ],
)
def test_packed_layers_may_leave_no_choice_of_dtype(
    said: dict[str, Any], device: str, dtype: str | None
) -> None:
    config = PretrainedConfig(dtype=torch.bfloat16)
    assert only_dtype(described(**said), config, device) == dtype


def test_another_dtype_than_the_only_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "find_spec", lambda _: object())
    describe(save_wide_llama(tmp_path), {"quant_method": "torchao"})
    with pytest.raises(ModelError, match="computes in float32, not in bfloat16") as caught:
        load(tmp_path, dtype="bfloat16")
    assert "leave --dtype out" in caught.value.hint


def test_a_refused_checkpoint_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr(intact.AutoModelForCausalLM, "from_pretrained", read)
    describe(save_wide_llama(tmp_path), {"quant_method": "fbgemm_fp8"})
    with pytest.raises(ModelError, match="CUDA device alone"):
        load(tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("method", "package"),
    [
        ("fp8", "torch"),
        ("compressed-tensors int8", "compressed_tensors"),
        ("compressed-tensors int4", "compressed_tensors"),
        ("gptq", "gptqmodel"),
        ("awq", "gptqmodel"),
    ],
)
def test_a_quantised_checkpoint_is_read_as_it_is_applied(
    tmp_path: Path, method: str, package: str, dtype: str
) -> None:
    pytest.importorskip(package)
    applied = save_packed(tmp_path / "packed", method)
    listener = Listener()
    choice = ModelChoice(str(tmp_path / "packed"), device="cpu", dtype=dtype)
    loaded = load_checked_model(choice, tmp_path / "models", listener)
    layer = loaded.model.get_submodule(DOWN)
    error = (applied_weight(layer, 256) - applied[DOWN]).abs().max() / applied[DOWN].abs().max()
    # Scales of GPTQ and AWQ are kept in float16
    assert error <= (5e-4 if dtype == "float32" else 5e-3)
    unpacked = METHODS[method.split()[0]].unpacked == "on loading"
    assert is_plain(layer) == unpacked
    assert {one.dtype for one in loaded.model.parameters()} <= {getattr(torch, dtype)}
    (_, told) = next(stage for stage in listener.stages if stage[0] == "weights")
    assert told.startswith("unpacking" if unpacked else "reading")


def test_several_ways_in_one_checkpoint_are_unpacked_by_the_first_pass(tmp_path: Path) -> None:
    pytest.importorskip("compressed_tensors")
    applied = save_packed(tmp_path / "packed", "compressed-tensors int4")
    config = read_tokenizer(
        choice := ModelChoice(str(tmp_path / "packed"), device="cpu", dtype="float32"),
        Source("packed", choice.name, Path(choice.name)),
        Listener(),
    ).config
    said = config.quantization_config
    (group,) = said["config_groups"].values()
    two = {"a": {**group, "targets": ["re:.*mlp.*"]}, "b": {**group, "targets": ["re:.*attn.*"]}}
    describe(tmp_path / "packed", {**said, "config_groups": two})
    loaded = load_checked_model(choice, tmp_path / "models", Listener())
    found = applied_weight(loaded.model.get_submodule(DOWN), 256)
    torch.testing.assert_close(found, applied[DOWN], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_experts_of_gpt_oss_are_unpacked(tmp_path: Path, dtype: str) -> None:
    applied = save_mxfp4(tmp_path)
    choice, source = ModelChoice(str(tmp_path)), Source("oss", str(tmp_path), tmp_path)
    config = read_tokenizer(choice, source, Listener()).config
    plan = plan_reading(choice, source, config, "cpu", dtype)
    assert plan.told.startswith(f"unpacking MXFP4 to {dtype}: ")
    model = whole_model("oss", tmp_path, dtype=getattr(torch, dtype), **plan.options)
    for name, weight in applied.items():
        # Numbers of four bits times powers of two are exact in either
        assert torch.equal(model.get_parameter(name).float(), weight)
    choice = ModelChoice(str(tmp_path), device="cpu", dtype=dtype)
    loaded = load_checked_model(choice, tmp_path / "models", Listener())
    (experts,) = loaded.architecture.ffns[1]
    weight = applied["model.layers.1.mlp.experts.down_proj"][2]
    assert torch.equal(experts.columns(2), weight.T)


@pytest.mark.parametrize("kind", ["Int8WeightOnlyConfig", "Float8WeightOnlyConfig"])
def test_a_torchao_checkpoint_is_read_as_it_is_applied(tmp_path: Path, kind: str) -> None:
    torchao = pytest.importorskip("torchao.quantization")
    from transformers import AutoModelForCausalLM, TorchAoConfig

    save_wide_llama(tmp_path / "packed")
    model = AutoModelForCausalLM.from_pretrained(
        tmp_path / "packed",
        dtype=torch.float32,
        device_map={"": "cpu"},
        quantization_config=TorchAoConfig(quant_type=getattr(torchao, kind)()),
    )
    applied = model.get_submodule(DOWN).weight.dequantize()
    model.save_pretrained(tmp_path / "packed")
    choice = ModelChoice(str(tmp_path / "packed"), device="cpu")
    loaded = load_checked_model(choice, tmp_path / "models", Listener())
    layer = loaded.model.get_submodule(DOWN)
    assert loaded.dtype == "float32" and not is_plain(layer)
    torch.testing.assert_close(applied_weight(layer, 256), applied, atol=1e-5, rtol=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("method", ["fp8", "gptq", "awq", "compressed-tensors int4"])
def test_a_quantised_checkpoint_is_read_on_a_gpu(tmp_path: Path, method: str) -> None:
    pytest.importorskip({"gptq": "gptqmodel", "awq": "gptqmodel"}.get(method, "torch"))
    applied = save_packed(tmp_path / "packed", method)
    choice = ModelChoice(str(tmp_path / "packed"), device="cuda:0")
    loaded = load_checked_model(choice, tmp_path / "models", Listener())
    found = applied_weight(loaded.model.get_submodule(DOWN), 256).cpu()
    torch.testing.assert_close(found, applied[DOWN], atol=5e-3 * applied[DOWN].abs().max(), rtol=0)
