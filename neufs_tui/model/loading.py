"""Hub id, local folder, GGUF file or embedded model → model and tokenizer on a device."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal, Protocol, cast

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.model.architecture import Architecture, find_architecture
from neufs_tui.model.libraries import quieten
from neufs_tui.model.registry import EMBEDDED
from neufs_tui.model.ways import Ways, find_ways

logger = logging.getLogger(__name__)

StageName = Literal["download", "convert", "tokenizer", "weights"]

_DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
_SAMPLE_BYTES = 1 << 20


class LoadListener(Protocol):
    """Hears what loading does; it may take a while."""

    def stage(self, name: StageName, detail: str) -> None:
        """A part of the work begins."""

    def downloaded(self, done: int, total: int) -> None:
        """More bytes have arrived."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready for forward passes, and what identifies it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    architecture: Architecture
    name: str
    """As the user named it."""
    device: str
    dtype: str
    fingerprint: str
    """Digest of the weights' identity and the dtype."""
    context_window: int
    """Positions the model was made for."""
    pad_id: int
    """The token that fills short rows; which one does not matter where masks are right."""
    ways: Ways
    """How prompts and candidates may be read."""


def choose_device(asked: str | None) -> str:
    """The device asked for, else CUDA where there is one, else the CPU.

    Raises:
        UsageError: the device asked for does not exist on this machine.
    """
    if asked is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=asked)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"there is no device {asked!r} here: {str(error).splitlines()[0]}",
            hint="leave --device out, or name one such as cpu or cuda:0",
        ) from error
    return asked


def choose_dtype(asked: str | None, device: str) -> str:
    """The dtype asked for, else bfloat16 where the device is fast at it, else float32."""
    if asked is not None:
        if asked not in _DTYPES:
            raise UsageError(
                f"there is no dtype {asked!r}", hint=f"choose one of {', '.join(_DTYPES)}"
            )
        return asked
    if device.startswith("cuda"):
        return "bfloat16"
    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return "bfloat16" if device == "cpu" and fast else "float32"


def load_model(choice: ModelChoice, models_dir: Path, listener: LoadListener) -> LoadedModel:
    """Load a model, converting a GGUF file once.

    Args:
        choice: which model, and how.
        models_dir: where converted models are kept.
        listener: hears each stage.

    Raises:
        ModelError: the model cannot be found, read or used.
        UsageError: the device or dtype asked for does not exist.
    """
    quieten()
    device = choose_device(choice.device)
    dtype = choose_dtype(choice.dtype, device)
    source = _resolve(choice, models_dir, listener)
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=choice.trust_remote_code)
        listener.stage("tokenizer", "reading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(
            source, trust_remote_code=choice.trust_remote_code
        )
        listener.stage("weights", f"reading the weights ({dtype}, {device})")
        model = cast(
            PreTrainedModel,
            AutoModelForCausalLM.from_pretrained(
                source,
                dtype=_DTYPES[dtype],
                device_map=choice.device_map or {"": device},
                trust_remote_code=choice.trust_remote_code,
            ),
        )
        model.eval()  # type: ignore[no-untyped-call]
    except ImportError as error:
        raise ModelError(
            f"the model {choice.name} needs a package that is not here: {_first_line(error)}",
            hint="install it beside neufs-tui, into the same environment",
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise _translated(choice, error) from error
    architecture = find_architecture(model)
    context_window = _context_window(config)
    return LoadedModel(
        model=model,
        tokenizer=cast(PreTrainedTokenizerBase, tokenizer),
        architecture=architecture,
        name=choice.name,
        device=str(model.device) if choice.device_map else device,
        dtype=dtype,
        fingerprint=_fingerprint(source, config, dtype),
        context_window=context_window,
        pad_id=_pad_id(tokenizer),
        ways=find_ways(model.config, context_window),
    )


def _resolve(choice: ModelChoice, models_dir: Path, listener: LoadListener) -> str:
    """What `from_pretrained` is given: a folder, or a hub id."""
    if choice.name in EMBEDDED:
        # fetching needs GGUF conversion, which is slow to import and rarely needed
        from neufs_tui.model.embedded import fetch

        return str(fetch(EMBEDDED[choice.name], models_dir, listener))
    path = Path(choice.name).expanduser()
    if path.suffix.lower() == ".gguf":
        if not path.is_file():
            raise ModelError(f"there is no GGUF file {choice.name}", hint="check the path")
        from neufs_tui.model.gguf_files import convert

        return str(convert(path, models_dir, listener))
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelError(
                f"the folder {choice.name} holds no config.json",
                hint="name a folder written by save_pretrained, a GGUF file or a hub id",
            )
        return str(path)
    if choice.name.startswith((".", "/", "~")) or choice.name.count("/") > 1:
        raise ModelError(f"there is no folder {choice.name}", hint="check the path")
    return choice.name


def _translated(choice: ModelChoice, error: Exception) -> ModelError:
    logger.exception("loading %s failed", choice.name)
    if "trust_remote_code" in str(error):
        return ModelError(
            f"{choice.name} comes with code of its own, which is not run unless you say so",
            hint="read that code, then add --trust-remote-code",
        )
    return ModelError(
        f"the model {choice.name} cannot be loaded: {_first_line(error)}",
        hint="check the name and the connection to the hub, log in with `hf auth login` if it is "
        "gated, or name a local folder, a GGUF file or smollm2-135m",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    pad = tokenizer.pad_token_id
    return pad if pad is not None else (tokenizer.eos_token_id or 0)


def _context_window(config: PretrainedConfig) -> int:
    text_config = config.get_text_config()
    return int(getattr(text_config, "max_position_embeddings", None) or 1 << 30)


def _fingerprint(source: str, config: PretrainedConfig, dtype: str) -> str:
    """Identify the weights: by commit for a hub model, by sampled content for a folder.

    Of each weight file the size and the first and last megabyte are read, so that a folder of
    many gigabytes is identified in a moment.
    """
    digest = blake2b(digest_size=16)
    digest.update(dtype.encode())
    folder = Path(source)
    if not folder.is_dir():
        digest.update(json.dumps([source, getattr(config, "_commit_hash", None)]).encode())
        return digest.hexdigest()
    for file in sorted(folder.iterdir()):
        if file.suffix not in {".json", ".safetensors", ".bin", ".jinja", ".model"}:
            continue
        size = file.stat().st_size
        digest.update(f"{file.name} {size}".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(_SAMPLE_BYTES))
            stream.seek(max(0, size - _SAMPLE_BYTES))
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()
