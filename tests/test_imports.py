"""What a process loads before anything slow is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "sqlite_utils", "pydantic")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("neufs_tui.cli", (*HEAVY, "textual", "numpy")),
        ("neufs_tui.cli.label", (*HEAVY, "textual", "numpy", "neufs_tui.cli.select")),
        ("neufs_tui.cli.export", (*HEAVY, "textual", "numpy")),
        ("neufs_tui.cli.predict", (*HEAVY, "textual", "numpy")),
        ("neufs_tui.app", HEAVY),
        ("neufs_tui.app.main", HEAVY),
        ("neufs_tui.engine.protocol", (*HEAVY, "textual", "numpy")),
        ("neufs_tui.engine.client", (*HEAVY, "textual")),
        ("neufs_tui.engine.scanned_engine", ("torch", "transformers", "textual")),
        ("neufs_tui.labelling.startup", HEAVY),
        ("neufs_tui.wording.reasons", (*HEAVY, "textual")),
        ("neufs_tui.selection.incremental", (*HEAVY, "textual")),
    ],
)
def test_importing_a_module_leaves_heavy_libraries_out(
    module: str, absent: tuple[str, ...]
) -> None:
    code = f"import {module}, sys; print([name for name in {absent!r} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
