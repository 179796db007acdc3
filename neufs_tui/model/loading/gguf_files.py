"""GGUF files, unpacked once to safetensors.

Unpacking takes seconds to minutes and loading the result a moment, so it is kept, named by the
file's content.
"""

from __future__ import annotations

from pathlib import Path
from shutil import disk_usage

import torch

from neufs_tui.atomic import build_once
from neufs_tui.core.text import byte_size
from neufs_tui.errors import ModelError, NeufsError, first_line
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.fingerprint import Digests
from neufs_tui.model.loading.free_memory import free_memory
from neufs_tui.model.loading.gguf_header import read_header
from neufs_tui.model.loading.intact import whole_model
from neufs_tui.model.loading.libraries import quieten
from neufs_tui.model.loading.listener import LoadListener

_EDITION = 2
"""Part of the folders' names; raised when unpacking comes to write something else."""


def convert(path: Path, models_dir: Path, digests: Digests, listener: LoadListener) -> Path:
    """The folder with a GGUF file's unpacked model, made if it is not there yet.

    Raises:
        ModelError: the file cannot be read or is not whole, or its architecture is not known.
    """
    listener.stage("convert", f"checking {path.name}")
    read_header(path)

    def build(scratch: Path) -> None:
        unpack(path, scratch, listener)

    with told_of("unpacking", str(path)):
        (digest,) = digests.of([path])
        return build_once(models_dir / f"gguf-{_EDITION}-{digest[:16]}", build)


def unpack(path: Path, target: Path, listener: LoadListener) -> None:
    """Write a GGUF file's model and tokenizer to a folder, in float32.

    Raises:
        ModelError: the file cannot be read or is not whole, its architecture is not known, or
            there is no room for it.
    """
    # the converters are slow to import and rarely needed
    from transformers import AutoTokenizer, GgufConfig

    quieten()
    n_bytes = read_header(path).n_weights * torch.float32.itemsize
    refuse_without_room(path, n_bytes, disk_usage(target).free, free_memory().host)
    listener.stage("convert", f"unpacking {path.name} to {byte_size(n_bytes)} (once)")
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model = whole_model(
            str(path),
            path.parent,
            gguf_file=path.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        )
    except NeufsError:
        raise
    except Exception as error:  # its readers take the file's word for everything
        raise ModelError(
            f"the GGUF file {path} cannot be read: {first_line(error)}",
            hint="check that the file is complete",
        ) from error
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def refuse_without_room(path: Path, n_bytes: int, free_on_disk: int, free_memory: int) -> None:
    """Refuse to unpack what has no room.

    Args:
        path: of the GGUF file.
        n_bytes: what it takes unpacked.
        free_on_disk: bytes that are free where it would be kept.
        free_memory: bytes of memory that are free.

    Raises:
        ModelError: it does not fit into the memory or on the disk.
    """
    for free, where, hint in (
        (free_memory, "in memory", "use a smaller model, or one in the format of transformers"),
        (free_on_disk, "on the disk", "make room in the folder of models, or use a smaller model"),
    ):
        if n_bytes > free:
            raise ModelError(
                f"{path} takes {byte_size(n_bytes)} once unpacked to float32, and "
                f"{byte_size(free)} are free {where}",
                hint=hint,
            )
