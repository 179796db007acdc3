"""What benchmarks read: a labelled pool, and a model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neufs_tui.core.records import Example, content_hash
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.announcer import Announcer
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.pretrained import load_model
from neufs_tui.storage.paths import models_dir

SAMPLE = Path(__file__).parents[1] / "sample_data"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL pool, their text under `text`."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [row | {"text": row.get("text") or row["input"]} for row in rows]


def label_names(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The labels that rows have, sorted."""
    return sorted({str(row["label"]) for row in rows if "label" in row})


def examples_of(texts: Iterable[str]) -> tuple[Example, ...]:
    """Texts as the rows of a pool."""
    return tuple(Example(content_hash(text), text, row) for row, text in enumerate(texts))


def load(name: str, **choice: Any) -> LoadedModel:
    """A model, loaded without a word."""
    return load_model(ModelChoice(name, **choice), models_dir(), Announcer(lambda _: None))
