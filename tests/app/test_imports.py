"""The app process stays light."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "transformers", "sqlite3", "sqlite_utils", "pydantic", "numpy")


def test_importing_the_app_imports_neither_model_nor_database() -> None:
    code = f"import sys, neufs_tui.app.main; print([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
