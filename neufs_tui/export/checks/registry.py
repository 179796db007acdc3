"""What was written, read again, and compared with what was to be."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from neufs_tui.errors import ExportError
from neufs_tui.export.checks import (
    annotation_tools,
    frameworks,
    hugging_face,
    measuring,
    prompt_files,
    rows,
    tool_rows,
    turns,
)
from neufs_tui.export.checks.found import require_same
from neufs_tui.export.checks.reading import Check
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.registry import find_format

_FAMILIES = (
    rows,
    turns,
    prompt_files,
    frameworks,
    measuring,
    hugging_face,
    tool_rows,
    annotation_tools,
)
CHECKS: Mapping[str, Check] = MappingProxyType(
    {name: check for family in _FAMILIES for name, check in family.CHECKS.items()}
)
"""Name of a format → how it is read again."""
_PROGRAMS = frozenset({"promptfoo"})
"""Libraries that are programs, not distributions of Python's."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An export that holds what it is to hold."""

    by: str
    """What read it, such as `datasets 5.2.0`."""
    missing: str = ""
    """The library that would have read it, were it installed; empty where it did, or there is
    none."""


def installed_library(check: Check) -> str | None:
    """The library's version; None where it is not installed, or there is none."""
    if not check.library:
        return None
    if check.library in _PROGRAMS:
        program = shutil.which(check.library)
        if program is None:
            return None
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        return told.stdout.split()[-1] if told.stdout.split() else None
    try:
        return version(check.library)
    except PackageNotFoundError:
        return None


def check_export(name: str, path: Path, few_shot: FewShotSet) -> Checked:
    """Read an export by its schema and, where it is installed, by the library that it is for.

    Args:
        name: its format.
        path: its file or folder.
        few_shot: what was written.

    Raises:
        ExportError: it cannot be read, or holds something else.
    """
    check, form = CHECKS[name], find_format(name)
    number = installed_library(check)
    readers = [(check.reader, check.read)]
    if check.load is not None and number is not None:
        readers.append((f"{check.library} {number}", check.load))
    for reader, read in readers:
        try:
            # libraries tell their progress to whoever is there
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                found = read(path, few_shot)
        # a library may raise whatever it likes
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise ExportError(
                f"{reader} cannot read {path}: {why}", hint="choose another format, and report this"
            ) from error
        require_same(form, few_shot, found, reader)
    missing = check.library if check.load is not None and number is None else ""
    return Checked(readers[-1][0], missing)
