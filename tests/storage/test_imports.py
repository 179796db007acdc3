from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["neufs_tui.storage.pool", "neufs_tui.storage.paths"])
def test_reading_a_pool_needs_no_heavy_library(module: str) -> None:
    heavy = ("sqlite_utils", "pydantic", "numpy", "torch")
    code = f"import {module}, sys; sys.stdout.write(str([m for m in {heavy} if m in sys.modules]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]"
