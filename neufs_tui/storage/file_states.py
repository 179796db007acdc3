"""What the file system says of files: another when one of them was changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FileState = tuple[int, int, int, int]
"""Size in bytes, times of modification and of change in nanoseconds, inode."""


def file_state(file: Path) -> FileState:
    """The state of one file, or of what it links to."""
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def file_states(files: Iterable[Path]) -> dict[Path, FileState]:
    """The state of each of some files."""
    return {file: file_state(file) for file in files}
