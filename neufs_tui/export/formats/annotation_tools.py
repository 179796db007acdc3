"""One row an example, as the annotation tools export and import it."""

from __future__ import annotations

from xml.etree import ElementTree

from neufs_tui.core.records import Task
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Shape
from neufs_tui.export.formats.rows import json_line
from neufs_tui.export.strict_json import strict_json


def prodigy_rows(few_shot: FewShotSet) -> str:
    """Answered tasks of Prodigy's choice interface, with all labels as options."""
    options = [{"id": name, "text": name} for name in few_shot.task.label_names]
    return "".join(
        json_line(
            {
                "text": one.example.text,
                "options": options,
                "accept": [one.answer.text],
                "answer": "accept",
                "meta": {"id": str(one.example.stable_id)},
            }
        )
        for one in few_shot.labelled
    )


def doccano_rows(few_shot: FewShotSet) -> str:
    """Rows with `text` and a list of labels, which doccano imports for text classification."""
    return "".join(
        json_line(
            {
                "id": str(one.example.stable_id),
                "text": one.example.text,
                "label": [one.answer.text],
            }
        )
        for one in few_shot.labelled
    )


def label_studio_project(few_shot: FewShotSet) -> dict[str, str]:
    """Annotated tasks, and the labelling configuration that they fit."""
    tasks = [
        {
            "data": {"text": one.example.text, "id": str(one.example.stable_id)},
            "annotations": [
                {
                    "result": [
                        {
                            "from_name": "label",
                            "to_name": "text",
                            "type": "choices",
                            "value": {"choices": [one.answer.text]},
                        }
                    ]
                }
            ],
        }
        for one in few_shot.labelled
    ]
    return {
        "tasks.json": strict_json(tasks, indent=2) + "\n",
        "config.xml": _labelling_config(few_shot.task),
    }


def _labelling_config(task: Task) -> str:
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Text", name="text", value="$text")
    choices = ElementTree.SubElement(view, "Choices", name="label", toName="text", choice="single")
    for label in task.labels:
        choice = ElementTree.SubElement(choices, "Choice", value=label.name)
        if label.definition:
            choice.set("hint", label.definition)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


FORMATS = {
    "prodigy": Format(
        Shape.ROWS,
        "Prodigy, `neufs-tui import`",
        KEPT,
        "prodigy.jsonl",
        prodigy_rows,
        "prodigy db-in DATASET prodigy.jsonl",
    ),
    "label-studio": Format(
        Shape.ROWS,
        "Label Studio, `neufs-tui import`",
        KEPT,
        "label_studio",
        label_studio_project,
        "# paste config.xml as the project's labelling interface, then import tasks.json",
    ),
    "doccano": Format(
        Shape.ROWS,
        "doccano, `neufs-tui import`",
        KEPT,
        "doccano.jsonl",
        doccano_rows,
        "# import as JSONL, column for data: text, column for label: label",
    ),
}
"""Name → format."""
