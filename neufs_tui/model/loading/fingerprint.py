"""What tells one model from another: the content of every file it is read from.

A file of many gigabytes is read once: its digest is remembered beside what the file system
says of it, and a blob of the hub's cache bears its digest as its name.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b, file_digest
from pathlib import Path

from neufs_tui.model.loading.checkpoint import weight_files
from neufs_tui.model.loading.listener import LoadListener
from neufs_tui.remembered import Remembered
from neufs_tui.storage.file_states import file_state

_TENSORS = {".safetensors", ".bin"}
_OTHERS = {".json", ".jinja", ".py", ".model", ".txt", ".spm", ".tiktoken", ".codes"}
"""Configuration, tokenizer, chat template and code; a pool beside them is none of these."""
_ADAPTER = "adapter_"
"""How the names of an adapter's files begin."""
_LARGE = 1 << 20
"""Bytes from which on a digest is worth remembering."""
_SLOW = 1 << 28
"""Bytes from which on reading them is worth a word."""
_RACY_NS = 2_000_000_000
"""A file changed so shortly ago may change again without another time of change."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Digests:
    """The SHA-256 of files, remembered from one run to the next."""

    def __init__(self, path: Path, listener: LoadListener) -> None:
        """Bind the file that remembers; it need not be there."""
        self._remembered = Remembered(path)
        self._listener = listener

    def of(self, files: Iterable[Path]) -> list[str]:
        """The SHA-256 of each file, hexadecimal; a file that has not changed is not read again."""
        files = list(files)
        known = self._remembered.all()
        found = {file: _known_digest(file, known) for file in files}
        digests = {file: digest for file, digest in found.items() if digest is not None}
        unknown = [file for file in found if file not in digests]
        n_bytes = sum(file.stat().st_size for file in unknown)
        if n_bytes >= _SLOW:
            detail = f"identifying the model by its files ({n_bytes / 1e6:,.0f} MB, once)"
            self._listener.stage("fingerprint", detail)
        fresh: dict[str, list[int | str]] = {}
        for file in unknown:
            now, before = time.time_ns(), file_state(file)
            digests[file] = file_sha256(file)
            is_settled = max(before[1:3]) < now - _RACY_NS and file_state(file) == before
            if before[0] >= _LARGE and is_settled:
                fresh[str(file.absolute())] = [*before, digests[file]]
        if fresh:
            self._remembered.add(fresh, keep=lambda file: Path(file).is_file())
        return [digests[file] for file in files]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def fingerprint(files: Sequence[Path], dtype: str, digests: Digests) -> str:
    """Identify a model by the content of its files, whatever their times of change.

    Args:
        files: every file that it is read from.
        dtype: the dtype it is read in.
        digests: what is known of files.
    """
    contents = [(file.name, digest) for file, digest in zip(files, digests.of(files), strict=True)]
    return blake2b(json.dumps([dtype, contents]).encode(), digest_size=16).hexdigest()


def read_files(folder: Path) -> list[Path]:
    """The files of a folder that a model is read from; those of an adapter beside it are not."""
    weights = set(weight_files(folder))
    return [file for file in sorted(folder.iterdir()) if _counts(file, weights)]


def adapter_files(folder: Path) -> list[Path]:
    """The files of a folder that an adapter is read from, its tokenizer's among them."""
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    return [
        file
        for file in files
        if not _OTHERS.isdisjoint(file.suffixes)
        or (file.suffix in _TENSORS and file.name.startswith(_ADAPTER))
    ]


def code_files(*loaded: object) -> set[Path]:
    """The source files that came with a model and were run, as transformers keeps them.

    Args:
        loaded: what was loaded with it: a model, its tokenizer, its configuration.
    """
    found: set[Path] = set()
    for one in loaded:
        module = sys.modules[type(one).__module__]
        if module.__name__.startswith("transformers_modules.") and module.__file__:
            found.update(Path(module.__file__).parent.rglob("*.py"))
    return found


def _counts(file: Path, weights: set[Path]) -> bool:
    """Whether a file may shape what is read; the same weights in another format do not."""
    if file.suffix in _TENSORS:
        is_read = file in weights or not weights
    else:
        is_read = not _OTHERS.isdisjoint(file.suffixes)
    return is_read and not file.name.startswith(_ADAPTER) and file.is_file()


def _known_digest(file: Path, known: Mapping[str, object]) -> str | None:
    blob = file.resolve()
    if file.is_symlink() and blob.parent.name == "blobs" and _SHA256.fullmatch(blob.name):
        return blob.name
    match known.get(str(file.absolute())):
        case [*state, str(digest)] if tuple(state) == file_state(file):
            return digest
    return None
