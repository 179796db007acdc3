"""The one place where an export becomes a file, with its manifest beside it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from neufs_tui.errors import ExportError


def manifest_path(target: Path) -> Path:
    """The manifest of an export: `few_shot.jsonl` → `few_shot.jsonl.manifest.json`."""
    return target.with_name(f"{target.name}.manifest.json")


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
    contents = {target: text, manifest_path(target): manifest}
    for path in contents:
        if path.exists() and not path.is_file():
            raise ExportError(
                f"{path} is not an ordinary file", hint="name a file, or - for standard output"
            )
        if path.exists() and not force:
            raise ExportError(f"{path} is there already", hint="replace it with --force")
    try:
        with ExitStack() as stack:
            for path, content in contents.items():
                stack.callback(_part(path).unlink, missing_ok=True)
                _part(path).write_bytes(content.encode())
            for path in contents:
                _part(path).replace(path)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written: {error.strerror}", hint="name a file in another folder"
        ) from error


def _part(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")
