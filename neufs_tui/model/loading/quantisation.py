"""How a checkpoint is quantised, what reads it, and what that needs; docs/models.md has the table.

All of it is known from the configuration, so it is said before any weight is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import transformers
from transformers import PretrainedConfig

from neufs_tui.errors import ModelError

Unpacked = Literal["never", "on loading", "by the first pass"]

_ELSE = "use the model unquantised, or quantised by a method that docs/models.md lists as read"


@dataclass(frozen=True, slots=True)
class Method:
    """A way of quantising, as transformers reads it."""

    label: str
    packages: tuple[tuple[str, str], ...] = ()
    """What has to be there: the module, and what pip installs it by."""
    needs_cuda: bool = False
    unpacked: Unpacked = "never"
    """When weights become plain numbers in memory; those that never do are read as applied."""
    is_read: bool = True
    """Whether transformers reads what it has written of it."""
    cuda_dtype: str | None = None
    """The only dtype that its layers compute in on CUDA, if there is one."""


_BITSANDBYTES = (("bitsandbytes", "bitsandbytes"),)

METHODS = {
    "bitsandbytes_4bit": Method("bitsandbytes 4-bit", _BITSANDBYTES),
    "bitsandbytes_8bit": Method("bitsandbytes 8-bit", _BITSANDBYTES),
    "gptq": Method("GPTQ", (("optimum", "optimum"), ("gptqmodel", "gptqmodel"))),
    "awq": Method("AWQ", (("gptqmodel", "gptqmodel"),), cuda_dtype="float16"),
    "auto-round": Method("AutoRound", (("auto_round", "auto-round"),)),
    # Layers of these round what they are given, or have experts that cannot be read packed
    "compressed-tensors": Method(
        "compressed-tensors",
        (("compressed_tensors", "compressed-tensors"),),
        unpacked="on loading",
    ),
    "fp8": Method("fine-grained FP8", unpacked="on loading"),
    "mxfp8": Method("MXFP8", unpacked="on loading"),
    "mxfp4": Method("MXFP4", unpacked="on loading"),
    "metal": Method("Metal", unpacked="on loading"),
    "torchao": Method("torchao", (("torchao", "torchao"),)),
    "bitnet": Method("BitNet"),
    "gemma": Method("Gemma's own"),
    "aqlm": Method("AQLM", (("aqlm", "aqlm[cpu,gpu]"),)),
    "quanto": Method("quanto", (("optimum", "optimum-quanto"),)),
    "quark": Method("Quark", (("quark", "amd-quark"),)),
    "sinq": Method("SINQ", (("sinq", "sinq"),)),
    "fouroversix": Method("FourOverSix", (("fouroversix", "fouroversix"),), needs_cuda=True),
    "fbgemm_fp8": Method(
        "fbgemm FP8", (("fbgemm_gpu", "fbgemm-gpu"),), needs_cuda=True, cuda_dtype="bfloat16"
    ),
    "eetq": Method("EETQ", (("kernels", "kernels"),), needs_cuda=True),
    "higgs": Method(
        "HIGGS",
        (("flute", "flute-kernel"), ("fast_hadamard_transform", "fast_hadamard_transform")),
        needs_cuda=True,
    ),
    "fp_quant": Method(
        "FP-Quant", (("fp_quant", "fp_quant"),), needs_cuda=True, cuda_dtype="bfloat16"
    ),
    "spqr": Method(
        "SpQR", (("spqr_quant", "spqr_quant[gpu]"),), needs_cuda=True, cuda_dtype="float16"
    ),
    "vptq": Method("VPTQ", (("vptq", "vptq"),), needs_cuda=True),
    # transformers makes these while it reads a plain checkpoint, if at all
    "hqq": Method("HQQ", is_read=False),
    "nvfp4": Method("NVFP4", is_read=False),
}
"""By the names that transformers has for them."""


@dataclass(frozen=True, slots=True)
class Quantisation:
    """How one checkpoint is quantised."""

    name: str
    """The method, as transformers names it."""
    described: Mapping[str, Any]
    """All that config.json says of it."""

    @property
    def method(self) -> Method:
        """What is known of the method; of one that came with a newer transformers, its name."""
        return METHODS.get(self.name, Method(self.name))

    @property
    def bits(self) -> int | None:
        """Bits of a packed weight, where config.json tells."""
        if self.name.startswith("bitsandbytes"):
            return 4 if self.name.endswith("4bit") else 8
        bits = self.described.get("bits")
        return bits if isinstance(bits, int) else None

    @property
    def unpacked(self) -> Unpacked:
        """When weights become plain numbers in memory."""
        # Several ways in one checkpoint are told apart by the package itself alone
        if self.name == "compressed-tensors" and len(self.described.get("config_groups", ())) > 1:
            return "by the first pass"
        return self.method.unpacked

    def reading_options(self) -> dict[str, Any]:
        """What `from_pretrained` is to be told."""
        if self.unpacked != "on loading":
            return {}
        from transformers.quantizers.auto import AutoQuantizationConfig

        described = {**self.described, "dequantize": True}
        return {"quantization_config": AutoQuantizationConfig.from_dict(described)}


def find_quantisation(config: PretrainedConfig) -> Quantisation | None:
    """How the checkpoint of a configuration is quantised; None if it is not."""
    of_text = getattr(config.get_text_config(), "quantization_config", None)
    found = getattr(config, "quantization_config", None) or of_text
    if not found:
        return None
    described = found if isinstance(found, dict) else found.to_dict()
    name = str(described.get("quant_method") or "")
    for bits in (4, 8):
        if described.get(f"load_in_{bits}bit"):
            name = f"bitsandbytes_{bits}bit"
    return Quantisation(name, described)


def refuse_unreadable(
    model: str, quantisation: Quantisation, device: str, *, has_cuda: bool
) -> None:
    """Refuse a checkpoint that would not be read, or not compute, here.

    Args:
        model: as the user named it.
        quantisation: how it is quantised.
        device: where it is to compute; `auto` for wherever there is room.
        has_cuda: whether there is a CUDA device.

    Raises:
        ModelError: transformers does not read it, or a device or a package is missing.
    """
    from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING

    method = quantisation.method
    if quantisation.name not in AUTO_QUANTIZATION_CONFIG_MAPPING or not method.is_read:
        known = method.label if quantisation.name in METHODS else repr(quantisation.name)
        raise ModelError(
            f"{model} is quantised by {known}, which transformers {transformers.__version__} "
            "does not read back",
            hint=_ELSE,
        )
    if method.needs_cuda and not has_cuda:
        raise ModelError(
            f"{model} is quantised by {method.label}, which computes on a CUDA device alone, and "
            "there is none here",
            hint=_ELSE,
        )
    if method.needs_cuda and not device.startswith(("cuda", "auto")):
        raise ModelError(
            f"{model} is quantised by {method.label}, which computes on a CUDA device alone, not "
            f"on {device}",
            hint="say --device cuda",
        )
    missing = [wanted for module, wanted in method.packages if find_spec(module) is None]
    if missing:
        packages = "the package" if len(missing) == 1 else "the packages"
        raise ModelError(
            f"{model} is quantised by {method.label} and needs {packages} {' and '.join(missing)}",
            hint=f"run `pip install {' '.join(map(_quoted, missing))}` in the environment of "
            "neufs-tui",
        )


def only_dtype(quantisation: Quantisation, config: PretrainedConfig, device: str) -> str | None:
    """The dtype that the packed layers compute in, where they do in no other.

    Args:
        quantisation: how the checkpoint is quantised.
        config: of the model.
        device: where it is to compute.
    """
    if quantisation.name == "torchao":
        saved = config.dtype or getattr(config.get_text_config(), "dtype", None)
        return str(saved).removeprefix("torch.") if saved else None
    return quantisation.method.cuda_dtype if device.startswith("cuda") else None


def _quoted(requirement: str) -> str:
    return f"'{requirement}'" if "[" in requirement else requirement
