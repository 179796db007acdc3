"""Rows and projects of annotation tools, read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal
from xml.etree import ElementTree

from pydantic import Field, TypeAdapter

from neufs_tui.export.checks.found import Found
from neufs_tui.export.checks.reading import Check, Strict, Text, rows
from neufs_tui.export.few_shot_set import FewShotSet


class _Option(Strict):
    id: Text
    text: Text


class _ProdigyRow(Strict):
    text: Text
    options: list[_Option]
    accept: Annotated[list[Text], Field(min_length=1, max_length=1)]
    answer: Literal["accept"]
    meta: dict[str, str]


def _prodigy(path: Path, few_shot: FewShotSet) -> Found:
    read = rows(path, _ProdigyRow)
    labels = [one.id for one in read[0].options] if read else few_shot.task.label_names
    return Found([(one.text, one.accept[0]) for one in read], labels=labels)


class _DoccanoRow(Strict):
    id: str
    text: Text
    label: Annotated[list[Text], Field(min_length=1, max_length=1)]


def _doccano(path: Path, _: FewShotSet) -> Found:
    return Found([(one.text, one.label[0]) for one in rows(path, _DoccanoRow)])


class _Choices(Strict):
    choices: Annotated[list[Text], Field(min_length=1, max_length=1)]


class _Result(Strict):
    from_name: Literal["label"]
    to_name: Literal["text"]
    type: Literal["choices"]
    value: _Choices


class _Annotation(Strict):
    result: Annotated[list[_Result], Field(min_length=1, max_length=1)]


class _Data(Strict):
    text: Text
    id: str


class _LabelStudioTask(Strict):
    data: _Data
    annotations: Annotated[list[_Annotation], Field(min_length=1, max_length=1)]


def _label_studio(path: Path, _: FewShotSet) -> Found:
    tasks = TypeAdapter(list[_LabelStudioTask]).validate_json((path / "tasks.json").read_bytes())
    view = ElementTree.fromstring((path / "config.xml").read_bytes())
    return Found(
        [(one.data.text, one.annotations[0].result[0].value.choices[0]) for one in tasks],
        labels=[choice.attrib["value"] for choice in view.iter("Choice")],
    )


def _label_studio_loaded(path: Path, _: FewShotSet) -> Found:
    """By Label Studio's own rules of which tasks fit a labelling configuration."""
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface((path / "config.xml").read_bytes().decode())
    interface.validate()
    tasks = json.loads((path / "tasks.json").read_bytes())
    for number, task in enumerate(tasks, start=1):
        # which fails on annotations, so they are validated apart
        fits = interface.validate_task({"data": task["data"]})
        if not fits or not all(map(interface.validate_annotation, task["annotations"])):
            raise ValueError(f"task {number} does not fit the labelling configuration")
    control = interface.get_control("label")
    shots = [
        (task["data"]["text"], task["annotations"][0]["result"][0]["value"]["choices"][0])
        for task in tasks
    ]
    return Found(shots, labels=[*control.labels])


CHECKS = {
    "prodigy": Check(_prodigy),
    "label-studio": Check(_label_studio, "label-studio-sdk", _label_studio_loaded),
    "doccano": Check(_doccano),
}
"""Name of a format → how it is read again."""
