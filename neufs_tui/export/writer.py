"""The one place where an export becomes a file, with its manifest beside it."""

from __future__ import annotations

from pathlib import Path

from neufs_tui.atomic import whole_files
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
        with whole_files(*contents) as parts:
            for part, content in zip(parts, contents.values(), strict=True):
                part.write_bytes(content.encode())
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written: {error.strerror}", hint="name a file in another folder"
        ) from error
