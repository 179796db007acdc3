"""What the annotator goes by: the labels with their definitions, examples of each, the question."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.prompts import system_message
from neufs_tui.core.records import Task
from neufs_tui.core.text import one_line, visible
from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.side import texts_of

_HEADING = "bold $text"
_QUIET = "$foreground-muted"


def labels_and_task(task: Task, labelled: Sequence[LabelledExample], width: int) -> Content:
    """Each label with its definition and two examples, then what the model is asked.

    Args:
        task: what is asked.
        labelled: whose label holds, the newest last.
        width: cells a line may have.
    """
    newest_first = [one for one in reversed(labelled) if one.is_shot]
    parts: list[Content | str | tuple[str, str]] = [("Labels\n", _HEADING)]
    for label in task.labels:
        definition = f" — {one_line(label.definition)}" if label.definition else ""
        parts += [Content.assemble((one_line(label.name), "bold"), definition), "\n"]
        for text in texts_of(newest_first, label.name):
            parts += [(f"  {ellipsis(text, width - 2)}\n", _QUIET)]
    parts += [("\nWhat the model is asked\n", _HEADING), Content(visible(system_message(task)))]
    return Content.assemble(*parts)
