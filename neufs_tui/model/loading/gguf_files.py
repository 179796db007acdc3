"""GGUF files, unpacked once to safetensors.

Unpacking takes seconds to minutes and loading the result a moment, so it is kept, named by the
file's content.
"""

from __future__ import annotations

from pathlib import Path

import torch

from neufs_tui.atomic import build_once
from neufs_tui.errors import ModelError, NeufsError, first_line
from neufs_tui.model.loading.failures import told_of
from neufs_tui.model.loading.fingerprint import Digests
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

    def build(scratch: Path) -> None:
        unpack(path, scratch, listener)

    with told_of("unpacking", str(path)):
        (digest,) = digests.of([path])
        return build_once(models_dir / f"gguf-{_EDITION}-{digest[:16]}", build)


def unpack(path: Path, target: Path, listener: LoadListener) -> None:
    """Write a GGUF file's model and tokenizer to a folder, in float32.

    Raises:
        ModelError: the file cannot be read or is not whole, or its architecture is not known.
    """
    # the converters are slow to import and rarely needed
    from transformers import AutoTokenizer, GgufConfig

    quieten()
    listener.stage("convert", f"unpacking {path.name} (once)")
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
            hint="check that the file is complete and its architecture is one transformers knows",
        ) from error
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
