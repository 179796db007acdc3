"""The one place where an export becomes a file, with its manifest beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from neufs_tui.atomic import whole_files
from neufs_tui.errors import ExportError

MANIFEST = "manifest.json"
"""The manifest of an export that is a folder, in it."""


def manifest_path(target: Path) -> Path:
    """The manifest of an export: `few_shot.jsonl` → `few_shot.jsonl.manifest.json`."""
    return target.with_name(f"{target.name}.manifest.json")


def refuse_taken(target: Path, *, force: bool = False) -> None:
    """See to it that an export can have its two files.

    Args:
        target: the export's file.
        force: files that are there may be replaced.

    Raises:
        ExportError: one of the two is there and may not be replaced, or the folder is not there
            or may not be written to.
    """
    for path in (target, manifest_path(target)):
        refuse_taken_file(path, force=force)


def refuse_taken_file(target: Path, *, force: bool = False) -> None:
    """See to it that a file can be written.

    Args:
        target: the file.
        force: it may be replaced.

    Raises:
        ExportError: it is there and may not be replaced, or its folder is not there or may not be
            written to.
    """
    if target.exists() and not target.is_file():
        raise ExportError(
            f"{target} is not an ordinary file", hint="name a file, or - for standard output"
        )
    if target.exists() and not force:
        raise ExportError(f"{target} is there already", hint="replace it with --force")
    if not os.access(target.parent, os.W_OK):
        raise _unwritable(target, "its folder is not there, or may not be written to")


def write_file(text: str, target: Path, *, force: bool = False) -> None:
    """Write a file that has no manifest, under its name only once it is whole.

    Args:
        text: its content.
        target: the file.
        force: replace it if it is there.

    Raises:
        ExportError: as `refuse_taken_file`, or it cannot be written.
    """
    refuse_taken_file(target, force=force)
    try:
        _write({target: text})
    except OSError as error:
        raise _unwritable(target, error.strerror) from error


def write_export(text: str, manifest: str, target: Path, *, force: bool = False) -> None:
    """Write an export and its manifest, each under its name only once it is whole.

    Args:
        text: the export.
        manifest: what it depends on.
        target: the export's file.
        force: replace files that are there.

    Raises:
        ExportError: one of the two files is there and may not be replaced, or cannot be written.
    """
    refuse_taken(target, force=force)
    try:
        _write({target: text, manifest_path(target): manifest})
    except OSError as error:
        raise _unwritable(target, error.strerror) from error


def refuse_taken_folder(folder: Path, names: Iterable[str], *, force: bool = False) -> None:
    """See to it that an export can have its files in a folder, which need not be there.

    Args:
        folder: the export's folder.
        names: of its files.
        force: files that are there may be replaced.

    Raises:
        ExportError: one of them is there and may not be replaced, what is there is no folder, or
            it can be neither made nor written to.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder} is not a folder", hint="name one that is not there yet")
    for path in (folder / name for name in names):
        if path.is_dir() or (path.exists() and not force):
            hint = "name another folder" if path.is_dir() else "replace it with --force"
            raise ExportError(f"{path} is there already", hint=hint)
    there = folder if folder.exists() else folder.parent
    if not os.access(there, os.W_OK):
        raise _unwritable(folder, f"{there} is not there, or may not be written to")


def write_folder(contents: Mapping[str, str | bytes], folder: Path, *, force: bool = False) -> None:
    """Write an export of several files, which get their names together.

    Args:
        contents: name → content.
        folder: made when there is none.
        force: replace files that are there.

    Raises:
        ExportError: as `refuse_taken_folder`, or they cannot be written.
    """
    refuse_taken_folder(folder, contents, force=force)
    try:
        folder.mkdir(exist_ok=True)
        _write({folder / name: content for name, content in contents.items()})
    except OSError as error:
        raise _unwritable(folder, error.strerror) from error


def _write(contents: Mapping[Path, str | bytes]) -> None:
    with whole_files(*contents) as parts:
        for part, content in zip(parts, contents.values(), strict=True):
            part.write_bytes(content.encode() if isinstance(content, str) else content)


def _unwritable(target: Path, why: str | None) -> ExportError:
    return ExportError(f"{target} cannot be written: {why}", hint="name a file in another folder")
