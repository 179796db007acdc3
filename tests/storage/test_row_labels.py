"""The label of one row, in the shapes that other annotation tools write."""

from __future__ import annotations

from typing import Any

import pytest

from neufs_tui.storage.row_labels import REFUSED, SEVERAL, RowLabel, row_label

OPTIONS = [{"id": "POS", "text": "😀 positive"}, {"id": "NEG", "text": "☹ negative"}]
NUMBERED = [{"id": 1, "text": "positive"}, {"id": 2, "text": "negative"}]


def task(*annotations: dict[str, Any]) -> dict[str, Any]:
    """A task of Label Studio, without its text."""
    return {"annotations": [*annotations], "predictions": [], "project": 4}


def annotation(*choices: object, **more: object) -> dict[str, Any]:
    value = {"type": "choices", "from_name": "kind", "value": {"choices": [*choices]}}
    return {"id": 1, "was_cancelled": False, "result": [value]} | more


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, RowLabel()),
        ({"label": "ham"}, RowLabel("ham")),
        ({"label": " ham "}, RowLabel(" ham ")),
        ({"label": "spam", "gold_label": "ham"}, RowLabel("spam")),
        ({"label": 3}, RowLabel("3")),
        ({"label": True}, RowLabel("true")),
        ({"label": 0}, RowLabel("0")),
        ({"label": None}, RowLabel()),
        ({"label": " \u200b"}, RowLabel()),
        ({"label": {"name": "ham"}}, RowLabel(without="with an object in the place of a label")),
        ({"answer": "forty-two", "label": "ham"}, RowLabel("ham")),
        ({"annotations": ["a note"], "label": "ham"}, RowLabel("ham")),
        ({"annotations": [], "label": None}, RowLabel()),
    ],
)
def test_a_plain_row_has_it_under_label(fields: dict[str, Any], found: RowLabel) -> None:
    assert row_label(fields) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"label": "POS", "answer": "accept"}, RowLabel("POS")),
        ({"label": "POS", "answer": "reject"}, RowLabel(without=REFUSED)),
        ({"label": "POS", "answer": "ignore"}, RowLabel(without=REFUSED)),
        ({"options": OPTIONS, "accept": ["NEG"], "answer": "accept"}, RowLabel("NEG")),
        ({"options": NUMBERED, "accept": [2], "answer": "accept"}, RowLabel("negative")),
        ({"options": [{"id": 2}], "accept": [2], "answer": "accept"}, RowLabel("2")),
        ({"options": OPTIONS, "accept": ["NEG"], "answer": "reject"}, RowLabel(without=REFUSED)),
        ({"options": OPTIONS, "accept": ["POS", "NEG"], "answer": "accept"},
         RowLabel(without=SEVERAL)),
        ({"options": OPTIONS, "accept": [], "answer": "accept"}, RowLabel()),
        ({"accept": ["POS"], "answer": "accept"}, RowLabel("POS")),
    ],
)  # fmt: skip
def test_of_prodigys_rows_those_that_were_accepted_count(
    fields: dict[str, Any], found: RowLabel
) -> None:
    assert row_label(fields | {"_input_hash": 4, "_task_hash": 5}) == found


@pytest.mark.parametrize(
    ("label", "found"),
    [
        (["ham"], RowLabel("ham")),
        ([4], RowLabel("4")),
        ([], RowLabel()),
        (["ham", "spam"], RowLabel(without=SEVERAL)),
        ([[0, 5, "PER"]], RowLabel(without=SEVERAL)),
    ],
)
def test_of_doccanos_lists_those_with_one_label_count(label: list[object], found: RowLabel) -> None:
    assert row_label({"label": label, "Comments": []}) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (task(annotation("ham")), RowLabel("ham")),
        (task(annotation("ham", "spam")), RowLabel(without=SEVERAL)),
        (task(annotation()), RowLabel()),
        (task(), RowLabel()),
        (task(annotation("ham", was_cancelled=True)), RowLabel(without=REFUSED)),
        (task(annotation("ham"), annotation("spam", was_cancelled=True)), RowLabel("ham")),
        (task(annotation("ham"), annotation("spam")), RowLabel("spam")),
        (task(annotation("spam", updated_at="2026-03-02T08:00:00Z"),
              annotation("ham", updated_at="2026-03-01T23:00:00Z")), RowLabel("spam")),
        (task(annotation("spam", created_at="2026-03-02T08:00:00Z"),
              annotation("ham", created_at="2026-03-01T23:00:00Z")), RowLabel("spam")),
        (task({"result": [{"type": "labels", "value": {"labels": ["PER"], "start": 0}}]}),
         RowLabel()),
        (task({"result": [*annotation("ham")["result"], *annotation("ham")["result"]]}),
         RowLabel("ham")),
        (task({"result": [*annotation("ham")["result"], *annotation("loud")["result"]]}),
         RowLabel(without=SEVERAL)),
        (task({"result": "odd"}), RowLabel()),
        (task({"result": [{"type": "choices", "value": {"choices": None}}]}), RowLabel()),
        (task(annotation("ham")) | {"label": "a column of the data"}, RowLabel("ham")),
    ],
)  # fmt: skip
def test_of_label_studios_annotations_the_newest_that_stands_counts(
    fields: dict[str, Any], found: RowLabel
) -> None:
    assert row_label(fields) == found


def test_a_field_that_is_named_is_taken_as_it_is() -> None:
    row = {"label": "POS", "answer": "reject", "topic": ["ferry"]}
    assert row_label(row, "label") == RowLabel("POS")
    assert row_label(row, "answer") == RowLabel("reject")
    assert row_label(row, "topic") == RowLabel("ferry")
    assert row_label(row, "nowhere") == RowLabel()
