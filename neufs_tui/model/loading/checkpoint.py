"""A checkpoint's files: which of them hold the weights, and which are damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import CONFIG_MAPPING, __version__

from neufs_tui.errors import ModelError

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""What transformers looks for, in this order; each may be an index of shards instead."""
WEIGHT_NAMES = (*_WEIGHTS, *(f"{name}.index.json" for name in _WEIGHTS))
"""One of these is there where the weights have the usual names."""
_VOCABULARIES = ("tokenizer.json", "*.model", "*.tiktoken", "vocab.*", "tekken.json")
_LFS_MARK = b"version https://git-lfs"
_AGAIN = "copy or fetch that file again"


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The files that the weights are read from, whether they are there or not.

    Returns:
        None of them where the weights have names of their own.

    Raises:
        ModelError: an index of shards cannot be read.
    """
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return (folder / name,)
        index = folder / f"{name}.index.json"
        if index.is_file():
            shards = json_object(index).get("weight_map", {})
            return tuple(folder / shard for shard in sorted(set(shards.values())))
    return ()


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder holds a tokenizer."""
    return any(file for pattern in _VOCABULARIES for file in folder.glob(pattern))


def find_damage(folder: Path) -> ModelError | None:
    """What is wrong with a checkpoint's files, or None where they are whole as far as one can see.

    Meant for a checkpoint that could not be loaded: weights are read once more.
    """
    try:
        _check_texts(folder)
        if (folder / "config.json").is_file():  # beside an adapter there need be none
            _check_model_type(folder)
        for file in weight_files(folder):
            check_weights(file)
        _check_tokenizer(folder)
    except ModelError as error:
        return error
    return None


def _check_texts(folder: Path) -> None:
    for file in sorted(folder.iterdir(), key=lambda file: (file.name != "config.json", file.name)):
        if file.is_file():
            refuse_lfs_pointer(file)
        if file.suffix == ".json":
            json_object(file)


def _check_model_type(folder: Path) -> None:
    file = folder / "config.json"
    config = json_object(file)
    kind = config.get("model_type")
    if kind is None:
        raise ModelError(
            f"{file} names no model_type",
            hint="name a folder written by save_pretrained, a GGUF file or a hub id",
        )
    if kind not in CONFIG_MAPPING and "auto_map" not in config:
        raise ModelError(
            f"{file} names the model_type {kind!r}, which transformers {__version__} does not know",
            hint="upgrade transformers, or use a model of a family that it knows",
        )


def check_weights(file: Path) -> None:
    """See to it that a file of weights is whole, as far as one can see.

    Raises:
        ModelError: it is not there, cut short, or holds other things than tensors.
    """
    if not file.is_file():
        raise ModelError(f"the shard {file} is not there", hint=_AGAIN)
    if file.suffix == ".safetensors":
        try:
            with safe_open(file, framework="pt"):
                return
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{file} is damaged or cut short: {error}", hint=_AGAIN) from error
    try:
        torch.load(file, map_location="meta", weights_only=True)
    except Exception as error:  # damaged pickles fail in as many ways as there are
        raise ModelError(
            f"{file} is damaged, or holds objects other than tensors, which are not unpickled",
            hint="save the model as safetensors, as save_pretrained does",
        ) from error


def _check_tokenizer(folder: Path) -> None:
    if not has_vocabulary(folder):
        raise ModelError(
            f"{folder} holds no tokenizer, such as a tokenizer.json",
            hint="save the tokenizer that the model was trained with into it",
        )


def refuse_lfs_pointer(file: Path) -> None:
    """Refuse what Git leaves in a large file's place.

    Raises:
        ModelError: it is that.
    """
    with file.open("rb") as stream:
        if stream.read(len(_LFS_MARK)) == _LFS_MARK:
            raise ModelError(
                f"{file} is a Git LFS pointer, not the file itself",
                hint="run `git lfs pull` in its folder",
            )


def json_object(file: Path) -> dict[str, Any]:
    """Read a JSON file.

    Raises:
        ModelError: it cannot be read, or holds something else than an object.
    """
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read as JSON: {error}", hint=_AGAIN) from error
    if not isinstance(found, dict):
        raise ModelError(f"{file} holds no JSON object", hint=_AGAIN)
    return found
