"""Labelled examples that the tests of the export share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Example, Label, ModelIdentity, Pick, Task, content_hash
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.manifest import Provenance
from neufs_tui.export.registry import render

TASK = Task(
    labels=(Label("A", "the first"), Label("B")),
    instruction="Sort the text.\n{labels}",
    input="Text: {text}",
    answer_prefix="<answer>",
)
SYSTEM = "Sort the text.\n- A: the first\n- B"
MODEL = ModelIdentity("smollm2-135m", "0f3c", "cpu", "float32")


def labelled(
    text: str,
    label: str = "A",
    /,
    *,
    seq: int = 1,
    source_id: str | int | None = None,
    pick: Pick | None = None,
    seconds: float | None = None,
    **fields: Any,
) -> LabelledExample:
    example = Example(content_hash(text), text, seq, source_id, fields)
    return LabelledExample(example, Answer(label), seq, pick, seconds)


def written(name: str, task: Task, few_shot: Sequence[LabelledExample]) -> str:
    """The one file of a format that is one."""
    (text,) = render(name, FewShotSet(task, few_shot)).values()
    return text


def provenance() -> Provenance:
    return Provenance(
        task=TASK,
        selection=SelectionSettings(shots=8, tau=0.25, seed=3),
        model=MODEL,
        pool_name="pool.jsonl",
        pool_sha256="ab" * 32,
        created_at="2030-01-02T03:04:05+00:00",
        calibration=None,
        versions={"neufs-tui": "0.1.0"},
    )
