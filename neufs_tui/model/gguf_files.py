"""GGUF files, unpacked once to safetensors.

Unpacking takes seconds to minutes and loading the result a moment, so it is kept, named by the
file's content.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import torch
from filelock import FileLock

from neufs_tui.errors import ModelError

if TYPE_CHECKING:
    from neufs_tui.model.loading import LoadListener


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def convert(path: Path, models_dir: Path, listener: LoadListener) -> Path:
    """The folder with a GGUF file's unpacked model, made if it is not there yet.

    Raises:
        ModelError: the file cannot be read, or its architecture is not known.
    """
    listener.stage("convert", f"checking {path.name}")
    folder = models_dir / f"gguf-{file_sha256(path)[:16]}"

    def build(scratch: Path) -> None:
        unpack(path, scratch, listener)

    return build_once(folder, build)


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Make a folder all at once: what stands under its name is complete.

    Args:
        folder: where the result shall stand; returned as it is when it exists.
        build: fills an empty folder beside it, which is then renamed.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if folder.is_dir():
            return folder
        scratch = Path(mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        try:
            build(scratch)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return folder


def unpack(path: Path, target: Path, listener: LoadListener) -> None:
    """Write a GGUF file's model and tokenizer to a folder, in float32.

    Raises:
        ModelError: the file cannot be read, or its architecture is not known.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from neufs_tui.model.libraries import quieten

    quieten()
    listener.stage("convert", f"unpacking {path.name} (once)")
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model = AutoModelForCausalLM.from_pretrained(
            path.parent,
            gguf_file=path.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        )
    except (OSError, ValueError, KeyError, NotImplementedError, struct.error) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelError(
            f"the GGUF file {path} cannot be read: {reason}",
            hint="check that the file is complete and its architecture is one transformers knows",
        ) from error
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
