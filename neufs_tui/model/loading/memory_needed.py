"""What a model's weights take in memory, known before they are read, and whether they fit."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from transformers import AutoModelForCausalLM, PretrainedConfig

from neufs_tui.core.text import byte_size
from neufs_tui.errors import ModelError
from neufs_tui.model.loading.free_memory import FreeMemory

logger = logging.getLogger(__name__)

ITEM_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_FLOATS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Types that safetensors has for plain numbers, which are read in the model's own."""
_TOKENS = 64
"""Of a small batch."""
_EXPERTS_OF_A_TOKEN = ("num_experts_per_tok", "experts_per_token", "top_k_experts", "moe_topk")
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")


@dataclass(frozen=True, slots=True)
class Weights:
    """How many weights a model has."""

    n: int
    """All of them; one that is used in two places counts once."""
    n_embedding: int
    """Of the embedding and of what reads the last stream, which quantising leaves plain."""
    n_experts: int = 0
    """Of all experts together."""
    share_of_experts: float = 1.0
    """Of the experts, how many a token is sent through."""

    @property
    def n_active(self) -> int:
        """Those that one token goes through."""
        return self.n - round(self.n_experts * (1 - self.share_of_experts))

    def quantised_bytes(self, bits: int) -> int:
        """What they take once layers are packed, a little more than which any method needs."""
        return (self.n - self.n_embedding) * bits // 8 + 2 * self.n_embedding

    def __str__(self) -> str:
        """Such as `30.5 billion weights (3.3 billion a token)`."""
        active = f" ({_many(self.n_active)} a token)" if self.n_active < self.n else ""
        return f"{_many(self.n)} weights{active}"


def count_weights(config: PretrainedConfig) -> Weights | None:
    """Count a model's weights by building it without memory for them.

    Args:
        config: of the model; it is not changed.

    Returns:
        None where the model cannot be built so, as with code of its own.
    """
    plain = copy.deepcopy(config)
    for one in (plain, plain.get_text_config()):
        if hasattr(one, "quantization_config"):
            del one.quantization_config
    try:
        with torch.device("meta"):
            # Unless it is said, the user is asked whether code of its own may run
            model = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
                plain, trust_remote_code=False
            )
    # Somebody else's constructor may fail in any way without real memory
    except Exception as error:
        logger.warning("the weights of a %s are not counted: %s", config.model_type, error)
        return None
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    shared = {one for end in ends if isinstance(end, nn.Module) for one in end.parameters()}
    experts = [one for name, one in model.named_parameters() if ".experts." in name]
    text = config.get_text_config()
    chosen, all_of_them = _field(text, _EXPERTS_OF_A_TOKEN), _field(text, _EXPERTS)
    return Weights(
        n=sum(one.numel() for one in model.parameters()),
        n_embedding=sum(one.numel() for one in shared),
        n_experts=sum(one.numel() for one in experts),
        share_of_experts=chosen / all_of_them if chosen and all_of_them else 1.0,
    )


def stored_bytes(files: Sequence[Path], dtype: str) -> int | None:
    """What packed weights take in memory, by the headers of their files.

    Args:
        files: those of the weights.
        dtype: in which plain numbers among them are read.

    Returns:
        None where a file is not there or is no safetensors file.
    """
    total = 0
    for file in files:
        try:
            with safe_open(file, framework="pt") as opened:
                names = opened.keys()
                total += sum(_tensor_bytes(opened.get_slice(name), dtype) for name in names)
        except (SafetensorError, OSError):
            return None
    return total or None


def batch_bytes(config: PretrainedConfig, dtype: str) -> int:
    """What a small batch takes at least: a residual stream and logits."""
    text = config.get_text_config()
    widths = (getattr(text, name, None) or 0 for name in ("hidden_size", "vocab_size"))
    return _TOKENS * ITEM_BYTES[dtype] * sum(widths)


@dataclass(frozen=True, slots=True)
class Need:
    """What a model needs, and where."""

    weights: Weights
    n_bytes: int
    dtype: str
    device: str
    """Such as `cpu` or `cuda:0`; `auto` for all there are, the host among them."""
    packed_as: str = ""
    """The method by which weights stay packed in memory, if they do."""
    unpacked_from: str = ""
    """The method by which they are packed in the files alone."""

    def told(self, free: FreeMemory) -> str:
        """The line that is shown while weights are read."""
        room = self._room(free)
        more = " and the disk" if room is not None and self.n_bytes > room else ""
        place = f"on {self._place}{more}"
        left = f", {byte_size(room)} free" if room is not None else ""
        if not self.unpacked_from:
            return f"reading {self.weights}: {self._size} {place}{left}"
        size = f"about {byte_size(self.n_bytes)} {place}{left}"
        return f"unpacking {self.unpacked_from} to {self.dtype}: {self.weights}, {size}"

    def fits(self, free: FreeMemory) -> bool:
        """Whether there is room, as far as one can tell."""
        room = self._room(free)
        return room is None or self.n_bytes <= room

    def refusal(self, model: str, free: FreeMemory) -> ModelError:
        """What is said of a model that does not fit, with what would."""
        return ModelError(
            f"{model} does not fit: {_many(self.weights.n)} weights take {self._size} on "
            f"{self._place}, {byte_size(self._room(free) or 0)} are free",
            hint=f"try {self._ways(free)}",
        )

    @property
    def _size(self) -> str:
        kind = f"{self.packed_as}, {self.dtype}" if self.packed_as else self.dtype
        return f"about {byte_size(self.n_bytes)} in {kind}"

    @property
    def _place(self) -> str:
        return "all devices" if self.device == "auto" else self.device

    def _room(self, free: FreeMemory) -> int | None:
        return free.everywhere if self.device == "auto" else free.on(self.device)

    def _ways(self, free: FreeMemory) -> str:
        """What would fit, nearest to what was asked for first."""
        room = self._room(free) or 0
        halved = self.n_bytes // 2 if self.dtype == "float32" and not self.packed_as else 0
        found = []
        if 0 < halved <= room:
            found.append(f"--dtype bfloat16 ({byte_size(halved)})")
        roomy = [gpu for gpu, left in free.gpus.items() if left >= (halved or self.n_bytes)]
        if self.device == "cpu" and roomy:
            found.append(f"--device {roomy[0]} ({byte_size(free.gpus[roomy[0]])} free)")
        elif self.device != "auto" and free.gpus and self.n_bytes <= free.everywhere:
            found.append(f"--device-map auto ({byte_size(free.everywhere)} free in all)")
        packed = {bits: self.weights.quantised_bytes(bits) for bits in (8, 4)}
        fitting = {bits: size for bits, size in packed.items() if size <= room}
        # Experts stay packed with few methods
        if fitting and not self.packed_as and not self.weights.n_experts:
            bits, sizes = " or ".join(map(str, fitting)), map(byte_size, fitting.values())
            found.append(f"a bitsandbytes or GPTQ variant in {bits} bits ({', '.join(sizes)})")
        found.append(f"a smaller model (up to {_many(room // 2)} weights in bfloat16)")
        return " or ".join([", ".join(found[:-1]), found[-1]] if found[1:] else found)


def _tensor_bytes(stored: object, dtype: str) -> int:
    """Bytes of one tensor; a scale that is kept in its own type takes no less."""
    kind, shape = stored.get_dtype(), stored.get_shape()  # type: ignore[attr-defined]
    numbers = torch.Size(shape).numel()
    if kind in _FLOATS:
        return numbers * min(_FLOATS[kind], ITEM_BYTES[dtype])
    bits = {"I64": 64, "U64": 64, "I32": 32, "U32": 32, "I16": 16, "U16": 16, "F4": 4}
    return numbers * bits.get(kind, 8) // 8


def _field(config: PretrainedConfig, names: Sequence[str]) -> int | None:
    values = (getattr(config, name, None) for name in names)
    return next((value for value in values if isinstance(value, int)), None)


def _many(n: int) -> str:
    if n >= 999.5e6:
        return f"{n / 1e9:,.1f} billion"
    return f"{n / 1e6:,.0f} million" if n >= 1e6 else f"{n:,}"
