"""Pools: rows in a file, and texts as examples."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from neufs_tui.core.records import Example, content_hash

AWKWARD = [
    "[bold]markup[/bold] and [a half",
    "{x} {{y}} {text} {labels}",
    "emoji 👩‍👩‍👧 and 🇳🇱, RTL שלום עולם",
    "quotes \" and '', commas, and\nnew\r\nlines\rof all kinds",
    "line ends \u0085 that \u2028 are \u2029 none",
    "a bell \x07 and \x1b[31mred, a \x0b and a \x1e",
    "a NUL \x00 inside",
    "=SUM(A1:A9)",
    "\ttabs and spaces around  ",
]


def write_rows(path: Path, rows: Iterable[object]) -> Path:
    """A JSONL file of rows."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def examples_of(texts: Iterable[str]) -> tuple[Example, ...]:
    """Texts as the rows of a pool."""
    return tuple(Example(content_hash(text), text, row) for row, text in enumerate(texts))
