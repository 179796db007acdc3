"""What a GGUF file holds, by its header: whether it can be unpacked is known before it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import transformers

from neufs_tui.errors import ModelError
from neufs_tui.model.loading.gguf_bytes import DamagedGguf, StoredHeader, read_stored_header

_NAMES = {
    "gpt-oss": "gpt_oss",
    "minimax-m2": "minimax_m2",
    "qwen2moe": "qwen2_moe",
    "qwen3moe": "qwen3_moe",
}
"""Architectures that transformers spells otherwise than GGUF."""
_WITH_ENCODER = {"t5", "t5encoder"}
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_TOKENS = "tokenizer.ggml.tokens"


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What is known of a GGUF file that can be unpacked."""

    architecture: str
    n_weights: int
    """Numbers in all its tensors."""


def readable_architectures() -> frozenset[str]:
    """The decoder-only architectures that transformers reads from GGUF files, by GGUF's names."""
    from gguf import MODEL_ARCH_NAMES
    from transformers import CONFIG_MAPPING
    from transformers.integrations.gguf.gguf_config_mapping import GGUF_CONFIG_ARCHS
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    # A few are listed there whose models transformers does not have
    with_model = {name for name in GGUF_SUPPORTED_ARCHITECTURES if name in CONFIG_MAPPING}
    names = set(MODEL_ARCH_NAMES.values()) - _WITH_ENCODER
    known = with_model | set(GGUF_CONFIG_ARCHS)
    return frozenset(name for name in names if _NAMES.get(name, name) in known)


def read_header(path: Path) -> GgufHeader:
    """Read a GGUF file's header, and refuse what cannot be unpacked.

    Args:
        path: of the file.

    Raises:
        ModelError: the file is damaged, one part of several, no language model, of an
            architecture that transformers does not read, or without a tokenizer.
    """
    part = _PART.search(path.name)
    if part is not None and int(part[2]) > 1:
        raise _is_part(path)
    try:
        header = read_stored_header(path)
    except DamagedGguf as error:
        raise _is_damaged(path, str(error)) from error
    said = header.values
    if said.get("split.count", 1) not in {0, 1}:
        raise _is_part(path)
    architecture, kind = said.get("general.architecture"), said.get("general.type", "model")
    if kind == "mmproj" or architecture == "clip":
        raise ModelError(
            f"{path} is an image projector (mmproj), not a language model",
            hint="name the GGUF file of the language model, which lies beside it",
        )
    if kind != "model":
        raise ModelError(
            f"{path} is of the type {kind!r}, not a model",
            hint="name the GGUF file of a language model",
        )
    readable = readable_architectures()
    if architecture not in readable:
        raise ModelError(
            f"{path} is of the architecture {architecture!r}, which transformers "
            f"{transformers.__version__} does not read from GGUF files",
            hint="use the model in the format of transformers, or a GGUF file of one of "
            + ", ".join(sorted(readable)),
        )
    if not said.get(_TOKENS):
        raise ModelError(
            f"{path} holds no tokenizer ({_TOKENS})",
            hint="fetch a GGUF file with one, or use the model in the format of transformers",
        )
    _refuse_tensors(path, header)
    return GgufHeader(str(architecture), sum(tensor.n_weights for tensor in header.tensors))


def _is_part(path: Path) -> ModelError:
    first = _PART.sub(lambda found: f"-00001-of-{found[2]}.gguf", path.name)
    return ModelError(
        f"{path} is one part of a GGUF file that was split, and parts are not read",
        hint=f"join them with `llama-gguf-split --merge {first} whole.gguf`, and name the whole",
    )


def _is_damaged(path: Path, why: str) -> ModelError:
    return ModelError(f"the GGUF file {path} cannot be read: {why}", hint="copy or fetch it again")


def _refuse_tensors(path: Path, header: StoredHeader) -> None:
    """Refuse tensors that are not all there, or that nothing unpacks."""
    import numpy as np
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

    end = 0
    for tensor in header.tensors:
        try:
            block, n_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.kind)]
        except ValueError as error:
            raise _not_unpacked(path, str(tensor.kind)) from error
        end = max(end, tensor.offset + tensor.n_weights // block * n_bytes)
    if header.tensors_at + end > path.stat().st_size:
        raise _is_damaged(path, "it is cut short")
    for kind in {GGMLQuantizationType(tensor.kind) for tensor in header.tensors}:
        try:
            dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), dtype=np.uint8), kind)
        except NotImplementedError as error:
            raise _not_unpacked(path, kind.name) from error


def _not_unpacked(path: Path, kind: str) -> ModelError:
    return ModelError(
        f"{path} holds tensors of the type {kind}, which cannot be unpacked",
        hint="use a variant quantised otherwise, such as Q4_K_M or Q8_0",
    )
