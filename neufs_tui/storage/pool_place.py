"""Where a pool lies: in a file, in a folder with a data set, or in a split of it, `FOLDER/test`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from glob import escape
from pathlib import Path

from neufs_tui.errors import PoolError

SAVED_SPLITS = "dataset_dict.json"
"""What `DatasetDict.save_to_disk` writes beside the folders of its splits."""
CARDS = ("README.md", ".huggingface.yaml")
"""Where a folder's splits may be described."""
_USUAL = ("train", "validation", "test")
"""Splits that `datasets` finds by the names of files, whatever way they are spelt there."""
_KEYWORD = re.compile("(?<![a-z])(train|val|dev|test|eval)")
"""What such files' names hold."""
_DATA = {".arrow", ".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".tsv", ".txt"}


def is_table(source: str) -> bool:
    """Whether a pool is Parquet or a data set; else it is a file of lines."""
    path = Path(source)
    is_path = source != "-"
    return is_path and (path.suffix.lower() == ".parquet" or path.is_dir() or names_split(path))


def names_split(path: Path) -> bool:
    """Whether a path names a split of the data set in the folder above it.

    A folder may say in its card, or by its files' names, that it has a split; nothing lies there
    then under the split's own name.
    """
    folder, name = path.parent, path.name
    if path.is_file() or name in ("", ".."):
        return False
    if (folder / SAVED_SPLITS).is_file():
        return True
    if path.exists() or not folder.is_dir():
        return False
    if name in _USUAL:
        files = filter(holds_data, (*folder.iterdir(), *folder.glob("data/*")))
        return any(_KEYWORD.search(file.name.lower()) for file in files)
    shards = (f"{place}{escape(name)}-*-of-*" for place in ("", "data/"))
    named = rf"(?<!\w)(?:split|name)['\"]?\s*:\s*['\"]?{re.escape(name)}(?![\w.-])"
    is_described = any(re.search(named, header(folder / card)) for card in CARDS)
    return is_described or any(any(folder.glob(one)) for one in shards)


def holds_data(file: Path) -> bool:
    """Whether a file may hold rows, by its name."""
    return unpacked_path(file).suffix.lower() in _DATA


def header(card: Path) -> str:
    """What a folder's card says of its data, as YAML; empty without one."""
    if not card.is_file():
        return ""
    text = card.read_text(errors="replace")
    if card.suffix != ".md":
        return text
    found = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    return found[1] if found else ""


def unpacked_path(path: Path) -> Path:
    """A pool's path without the `.gz` that says how it is packed: its suffix tells its form."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def pool_name(source: str) -> str:
    """What is named after a pool: `pool` for `pool.jsonl.gz`, `imdb.test` for `imdb/test`."""
    if source == "-":
        return "stdin"
    path = Path(source)
    if names_split(path):
        return f"{_named(path.parent).name}.{path.name}"
    return _named(path).name if path.is_dir() else unpacked_path(path).stem


def pool_home(source: str) -> Path:
    """The folder that a pool lies in; of a data set's, the one above."""
    path = Path(source)
    if source == "-":
        return Path()
    if names_split(path):
        return _named(path.parent).parent
    return _named(path).parent if path.is_dir() else path.parent


def pool_files(source: str) -> list[Path]:
    """The files whose change changes a pool: of a folder all, but hidden ones and sessions."""
    path = _data_path(source)
    return sorted(_files(path)) if path.is_dir() else [path]


def pool_digest(source: str) -> str:
    """SHA-256 of a pool's file; of several files, of what `sha256sum` says of them.

    Raises:
        OSError: one cannot be read.
    """
    path, lines = _data_path(source), []
    for file in pool_files(source):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if file == path:
            return digest
        lines.append(f"{digest}  {file.relative_to(path)}\n")
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def cannot_open(source: str, error: OSError) -> PoolError:
    """What is said of a pool whose bytes cannot be had."""
    if isinstance(error, FileNotFoundError):
        return PoolError(f"there is no file {source}", hint="check the path of the pool")
    return PoolError(
        f"{source} cannot be read: {error.strerror or error}",
        hint="check the file and its permissions",
    )


def _data_path(source: str) -> Path:
    """A pool's file, or the folder that its files are in."""
    path = Path(source)
    return path.parent if names_split(path) and not path.is_dir() else path


def _named(folder: Path) -> Path:
    """A folder by a path that ends in its name, which `.` and `..` have not."""
    return folder.resolve() if folder.name in ("", "..") else folder


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        is_hidden = any(part.startswith(".") for part in parts)
        if not is_hidden and ".neufs.db" not in file.name and file.is_file():
            yield file
