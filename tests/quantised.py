"""Tiny quantised checkpoints of each method, and the weights that they apply.

Where packing is a formula the numbers are packed here, so that no package is needed to make them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, GptOssConfig, LlamaConfig

from tests.tiny import FAMILIES, tiny_tokenizer

WIDE = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "head_dim": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
}
"""Widths that every method's blocks fit into."""
DOWN = "model.layers.1.mlp.down_proj"
_GROUP = 32
_FP4 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
"""The numbers of four bits that MXFP4 scales."""

Weights = dict[str, Tensor]


def save_wide_llama(folder: Path) -> Path:
    """Write a Llama that is wide enough to be quantised."""
    torch.manual_seed(7)
    shape = FAMILIES["llama"].to_dict() | WIDE
    AutoModelForCausalLM.from_config(LlamaConfig(**shape)).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def save_packed(folder: Path, method: str) -> Weights:
    """Write a wide Llama packed by one of the methods of `PACKED`.

    Returns:
        The matrices that its linear layers apply, by the layers' names.
    """
    save_wide_llama(folder)
    pack, described = PACKED[method]
    weights = load_file(folder / "model.safetensors")
    stored, applied = {}, {}
    for name, weight in weights.items():
        layer = name.removesuffix(".weight")
        if not layer.endswith("_proj"):
            stored[name] = weight.bfloat16()
            continue
        packed, applied[layer] = pack(weight)
        stored |= {f"{layer}.{part}": value.contiguous() for part, value in packed.items()}
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    describe(folder, described)
    return applied


def describe(folder: Path, described: object) -> Path:
    """Say in a folder's config.json how its weights are quantised."""
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"quantization_config": described}))
    return folder


def _fp8(weight: Tensor) -> tuple[Weights, Tensor]:
    """Blocks of 64 by 64, each with a scale."""
    n_out, n_in = weight.shape
    blocks = weight.reshape(n_out // 64, 64, n_in // 64, 64)
    scales = blocks.abs().amax((1, 3)) / 448
    spread = scales[:, None, :, None]
    packed = (blocks / spread).to(torch.float8_e4m3fn)
    applied = (packed.float() * spread).reshape(weight.shape)
    return {"weight": packed.reshape(weight.shape), "weight_scale_inv": scales}, applied


def _by_channel(weight: Tensor) -> tuple[Weights, Tensor]:
    """Eight bits and a scale for each row, as compressed-tensors stores int-quantized weights."""
    scale = weight.abs().amax(1, keepdim=True) / 127
    packed = (weight / scale).round().clamp(-127, 127).char()
    return {"weight": packed, "weight_scale": scale}, packed * scale


def _packed_rows(weight: Tensor) -> tuple[Weights, Tensor]:
    """Four bits, eight to a number, as compressed-tensors stores pack-quantized weights."""
    n_out, n_in = weight.shape
    groups = weight.reshape(n_out, n_in // _GROUP, _GROUP)
    scale = groups.abs().amax(2) / 7
    numbers = (groups / scale[..., None]).round().clamp(-8, 7)
    stored = {
        "weight_packed": _joined((numbers + 8).reshape(n_out, -1, 8), range(8)),
        "weight_scale": scale,
        "weight_shape": torch.tensor([n_out, n_in]),
    }
    return stored, (numbers * scale[..., None]).reshape(weight.shape)


def _gptq(weight: Tensor) -> tuple[Weights, Tensor]:
    numbers, zeros, scales, applied = _in_groups(weight)
    n_in, n_out = numbers.shape
    stored = {
        "qweight": _joined(numbers.reshape(-1, 8, n_out).mT, range(8)),
        "qzeros": _joined((zeros - 1).reshape(-1, n_out // 8, 8), range(8)),
        "scales": scales.half(),
        "g_idx": (torch.arange(n_in) // _GROUP).int(),
    }
    return stored, applied


def _awq(weight: Tensor) -> tuple[Weights, Tensor]:
    numbers, zeros, scales, applied = _in_groups(weight)
    order = (0, 2, 4, 6, 1, 3, 5, 7)
    stored = {
        "qweight": _joined(numbers.reshape(len(numbers), -1, 8), order),
        "qzeros": _joined(zeros.reshape(len(zeros), -1, 8), order),
        "scales": scales.half(),
    }
    return stored, applied


def _in_groups(weight: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Four bits with a scale and a zero for each group of inputs: both as inputs by outputs."""
    n_out, n_in = weight.shape
    groups = weight.T.reshape(n_in // _GROUP, _GROUP, n_out)
    high, low = groups.amax(1).clamp(min=0), groups.amin(1).clamp(max=0)
    scales = ((high - low) / 15).half().float()
    zeros = (-low / scales).round().clamp(1, 15)
    numbers = (groups / scales[:, None] + zeros[:, None]).round().clamp(0, 15)
    applied = ((numbers - zeros[:, None]) * scales[:, None]).reshape(n_in, n_out).T
    return numbers.reshape(n_in, n_out), zeros, scales, applied


def _joined(numbers: Tensor, order: range | tuple[int, ...]) -> Tensor:
    """Eight numbers of four bits, the last dimension, as one of 32."""
    whole = sum(numbers[..., at].long() << (4 * place) for place, at in enumerate(order))
    assert isinstance(whole, Tensor)
    return torch.where(whole >= 1 << 31, whole - (1 << 32), whole).int()


def _compressed(kind: str, strategy: str, bits: int, inputs: object) -> dict[str, object]:
    weights = {"num_bits": bits, "type": "int", "symmetric": True, "strategy": strategy}
    grouped = {"group_size": _GROUP} if strategy == "group" else {}
    group = {"targets": ["Linear"], "weights": weights | grouped, "input_activations": inputs}
    return {
        "quant_method": "compressed-tensors",
        "format": kind,
        "quantization_status": "compressed",
        "config_groups": {"group_0": group},
        "ignore": ["lm_head"],
    }


_ROUNDED_INPUTS = {
    "num_bits": 8,
    "type": "int",
    "symmetric": True,
    "strategy": "token",
    "dynamic": True,
}

PACKED: dict[str, tuple[Callable[[Tensor], tuple[Weights, Tensor]], dict[str, object]]] = {
    "fp8": (
        _fp8,
        {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [64, 64]},
    ),
    "compressed-tensors int8": (
        _by_channel,
        _compressed("int-quantized", "channel", 8, _ROUNDED_INPUTS),
    ),
    "compressed-tensors int4": (_packed_rows, _compressed("pack-quantized", "group", 4, None)),
    "gptq": (
        _gptq,
        {"quant_method": "gptq", "bits": 4, "group_size": _GROUP, "desc_act": False, "sym": False},
    ),
    "awq": (
        _awq,
        {"quant_method": "awq", "bits": 4, "group_size": _GROUP, "zero_point": True},
    ),
}
"""What packs a matrix, shape (outputs, inputs), and what config.json says of it."""


def save_mxfp4(folder: Path) -> Weights:
    """Write a tiny gpt-oss whose experts are packed as MXFP4.

    Returns:
        The experts' matrices as they are applied, shape (expert, inputs, outputs).
    """
    torch.manual_seed(7)
    shape = FAMILIES["llama"].to_dict() | {"hidden_size": 64, "intermediate_size": 64}
    config = GptOssConfig(**shape, num_local_experts=4, num_experts_per_tok=2)
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    stored, applied = load_file(folder / "model.safetensors"), {}
    for name in [name for name in stored if name.endswith("experts.down_proj")]:
        for part in (name, name.replace("down_proj", "gate_up_proj")):
            n_experts, n_in, n_out = stored.pop(part).shape
            bytes_ = torch.randint(0, 256, (n_experts, n_out, n_in // 32, 16), dtype=torch.uint8)
            scales = torch.randint(120, 130, (n_experts, n_out, n_in // 32), dtype=torch.uint8)
            stored |= {f"{part}_blocks": bytes_, f"{part}_scales": scales}
            pairs = torch.stack([_FP4[(bytes_ & 15).long()], _FP4[(bytes_ >> 4).long()]], dim=-1)
            numbers = pairs.reshape(n_experts, n_out, n_in // 32, 32)
            applied[part] = (
                (numbers * (scales.float() - 127).exp2()[..., None])
                .reshape(n_experts, n_out, n_in)
                .mT
            )
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    describe(folder, {"quant_method": "mxfp4"})
    return applied
