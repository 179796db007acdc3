"""The table of families belongs to the libraries that are pinned."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_table_of_families_was_made_with_the_pinned_versions() -> None:
    pins = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    table = (ROOT / "docs" / "families.md").read_text()
    assert f"transformers {pins['transformers']}, torch {pins['torch']}." in table
