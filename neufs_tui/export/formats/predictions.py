"""One row a predicted text: JSON lines and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.records import Example
from neufs_tui.export.formats.rows import json_line


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is said of one text."""

    example: Example
    label: str
    probabilities: Mapping[str, float]
    """Label name → probability, in the task's order; they sum to 1."""
    by: str
    """What says so."""


def prediction_lines(predictions: Sequence[Prediction]) -> str:
    """One JSON object a line: `id`, `text`, `label`, `probability`, `probabilities`, `by`."""
    return "".join(
        json_line(
            {
                "id": one.example.stable_id,
                "text": one.example.text,
                "label": one.label,
                "probability": one.probabilities[one.label],
                "probabilities": dict(one.probabilities),
                "by": one.by,
            }
        )
        for one in predictions
    )


def prediction_table(predictions: Sequence[Prediction], label_names: Sequence[str]) -> str:
    """RFC 4180 with a header: the same, with a column `probability of …` for each label."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    of_each = [f"probability of {name}" for name in label_names]
    writer.writerow(["id", "text", "label", "probability", *of_each, "by"])
    for one in predictions:
        each = [one.probabilities[name] for name in label_names]
        known = [one.example.stable_id, one.example.text, one.label, one.probabilities[one.label]]
        writer.writerow([*known, *each, one.by])
    return out.getvalue()
