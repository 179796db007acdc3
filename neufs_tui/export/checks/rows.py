"""Rows of this program's own: JSON lines and CSV, read again."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic import ConfigDict

from neufs_tui.export.checks.found import Found
from neufs_tui.export.checks.reading import Check, TextLabel, rows
from neufs_tui.export.few_shot_set import FewShotSet


class _OwnRow(TextLabel):
    model_config = ConfigDict(extra="allow", strict=True)
    id: str | int


def _jsonl(path: Path, _: FewShotSet) -> Found:
    return Found([(one.text, one.label) for one in rows(path, _OwnRow)])


def _csv(path: Path, _: FewShotSet) -> Found:
    limit = csv.field_size_limit(2**31 - 1)
    try:
        table = csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""), strict=True)
        return Found([(row["text"], row["label"]) for row in table])
    finally:
        csv.field_size_limit(limit)


CHECKS = {
    "jsonl": Check(_jsonl, reader="Python's json"),
    "csv": Check(_csv, reader="Python's csv"),
}
"""Name of a format → how it is read again."""
