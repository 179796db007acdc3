"""A file of gold labels that tells, while one labels, how often the model is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from neufs_tui.core.draws import draw_key
from neufs_tui.core.records import Example, ExampleId, Task
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.storage.gold_texts import read_gold_texts

MOST_TEXTS = 200
"""Texts read behind each label; their interval is at most .07 either way."""


@dataclass(frozen=True, slots=True)
class LiveTest:
    """Texts and what they are; none of them is asked, or becomes a demonstration."""

    name: str
    """Of the file, without its folder."""
    texts: tuple[Example, ...]
    """Those that are read, in random order, without the row's other fields."""
    gold: Mapping[ExampleId, str]
    """Of each of those, its label."""
    held: frozenset[ExampleId]
    """Every text of the file that is not decided."""
    notices: tuple[str, ...]
    """What is to be known of the file before its figures are read."""


def read_live_test(
    settings: SelectionSettings,
    task: Task,
    *,
    text_field: str | None,
    encoding: str | None,
    decided: Collection[ExampleId],
) -> LiveTest:
    """Read the file that the settings name.

    Args:
        settings: its path, the field of the gold label, and the seed of what is drawn.
        task: whose labels the gold labels are.
        text_field: field of the text; None looks for the usual ones.
        encoding: of the file.
        decided: texts that she has decided on, which are left out.

    Raises:
        PoolError: it cannot be read, or has no such field.
        UsageError: a gold label is not among the task's, or nothing is left.
    """
    name = Path(settings.test).name
    read = read_gold_texts(
        settings.test,
        task,
        field=settings.gold,
        text_field=text_field,
        encoding=encoding,
        left_out=decided,
        why="decided on in the session",
    )
    rows = sorted(
        zip(read.texts, read.labels, strict=True),
        key=lambda row: draw_key(row[0].id, settings.seed, checks=True),
    )[:MOST_TEXTS]
    notices = [*read.notices]
    if len(rows) < len(read.texts):
        notices.append(f"{len(rows):,} of {len(read.texts):,} texts are read, drawn by the seed")
    return LiveTest(
        name=name,
        texts=tuple(Example(one.id, one.text, one.row) for one, _ in rows),
        gold={one.id: label for one, label in rows},
        held=frozenset(one.id for one in read.texts),
        notices=tuple(f"{name}: {notice}" for notice in notices),
    )
