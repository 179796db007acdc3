"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock


@contextmanager
def whole_files(*paths: Path, locked: bool = False) -> Iterator[list[Path]]:
    """Where to write files, which get their names together once all of them are whole.

    A failure leaves what stood under the names before, and nothing beside it.

    Args:
        paths: the names.
        locked: the caller alone may write them now; what a killed process left goes too.
    """
    suffix = "part" if locked else f"{os.getpid()}.part"
    parts = [path.with_name(f".{path.name}.{suffix}") for path in paths]
    with ExitStack() as stack:
        for part in parts:
            stack.callback(part.unlink, missing_ok=True)
            part.unlink(missing_ok=True)
        yield parts
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Make a folder unless it is there; what stands under its name is whole.

    Args:
        folder: where the result shall stand.
        build: fills an empty folder beside it, which is then renamed.

    Returns:
        The folder.
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
