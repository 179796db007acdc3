"""The formats by name, and what goes into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Task
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError
from neufs_tui.export.formats.chats import chat_prefix, openai_lines
from neufs_tui.export.formats.rows import csv_rows, jsonl_rows

Render = Callable[[Task, Sequence[LabelledExample]], str]
"""Task and few-shot set → the whole file."""

FORMATS: Mapping[str, Render] = MappingProxyType(
    {
        "jsonl": lambda _, labelled: jsonl_rows(labelled),
        "chat": chat_prefix,
        "openai": openai_lines,
        "csv": lambda _, labelled: csv_rows(labelled),
    }
)


def first_labelled(labelled: Sequence[LabelledExample], k: int | None) -> list[LabelledExample]:
    """The few-shot set: the first k labelled, or all when k is None.

    Raises:
        ExportError: nothing is labelled, or fewer than k.
    """
    if not labelled:
        raise ExportError("nothing is labelled yet", hint="run `neufs-tui label` on the pool first")
    in_order = sorted(labelled, key=lambda one: one.seq)
    if k is None:
        return in_order
    if not 1 <= k <= len(in_order):
        count = plural(len(in_order), "example is", "examples are")
        raise ExportError(
            f"{k:,} examples were asked for and {count} labelled",
            hint=f"ask for 1 to {len(in_order):,}, or label more",
        )
    return in_order[:k]


def render(format_name: str, task: Task, labelled: Sequence[LabelledExample]) -> str:
    """The few-shot set in a format.

    Args:
        format_name: one of `FORMATS`.
        task: what is asked.
        labelled: the few-shot set, in the order it is to have.

    Raises:
        ExportError: there is no such format.
    """
    if format_name not in FORMATS:
        raise ExportError(
            f"there is no format {format_name!r}", hint=f"choose one of {', '.join(FORMATS)}"
        )
    return FORMATS[format_name](task, labelled)
