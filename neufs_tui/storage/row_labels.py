"""The label that a row holds, as this program and other annotation tools write it.

Prodigy keeps what the annotator answered, and the ids of the options that she took; Label Studio a
list of annotations, each of them a list of results; doccano a list of labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neufs_tui.storage.gold_labels import written
from neufs_tui.storage.label_names import label_key
from neufs_tui.storage.row_json import json_kind

LABEL_FIELD = "label"
"""Where the label is looked for in a row of no other tool's shape."""
SEVERAL = "with several labels"
"""Why a row gives none, in words that follow `3 rows`."""
REFUSED = "rejected or ignored there"
"""The same, where the annotator turned it down."""
_PRODIGY_ANSWERS = ("accept", "reject", "ignore")


@dataclass(frozen=True, slots=True)
class RowLabel:
    """What a row says of its label."""

    name: str | None = None
    """The label as it is written there; None where the row gives none."""
    without: str = ""
    """Why it gives none, in words that follow `3 rows`; empty where it says nothing of a label."""


def row_label(fields: Mapping[str, Any], field: str | None = None) -> RowLabel:
    """Read the label of a row.

    Args:
        fields: of the row, its text and its own id aside.
        field: the one that holds the label, taken as it is; None finds out: a row with an answer of
            Prodigy's counts if it was accepted, of Label Studio's annotations the newest that was
            not cancelled, and of any other row `label`.

    Returns:
        The label: a string as it is, all else as JSON. A list of one value is that value; null,
        blank and an empty list say nothing.
    """
    if field is not None:
        return _one(fields.get(field))
    if fields.get("answer") in _PRODIGY_ANSWERS and ({"accept", LABEL_FIELD} & fields.keys()):
        return _prodigy(fields)
    annotations = fields.get("annotations")
    if (found := _dicts(annotations)) and all("result" in one for one in found):
        return _label_studio(found)
    return _one(fields.get(LABEL_FIELD))


def _one(value: object) -> RowLabel:
    """A label from the value of a field."""
    if isinstance(value, list) and len(value) <= 1:
        return _one(value[0]) if value else RowLabel()
    if isinstance(value, list):
        return RowLabel(without=SEVERAL)
    if isinstance(value, dict):
        return RowLabel(without=f"with {json_kind(value)} in the place of a label")
    if value is None or not label_key(name := written(value)):
        return RowLabel()
    return RowLabel(name)


def _prodigy(fields: Mapping[str, Any]) -> RowLabel:
    """An accepted label, or the one option that was taken: by its id, unless that is a number."""
    if fields["answer"] != "accept":
        return RowLabel(without=REFUSED)
    if "accept" not in fields:
        return _one(fields[LABEL_FIELD])
    taken = _one(fields["accept"])
    for option in _dicts(fields.get("options")):
        if isinstance(number := option.get("id"), int) and written(number) == taken.name:
            return _one(option.get("text")) if option.get("text") else taken
    return taken


def _label_studio(annotations: Sequence[dict[str, Any]]) -> RowLabel:
    """The choice of the newest annotation that was not cancelled; of equally new ones the last."""
    held = [one for one in annotations if not one.get("was_cancelled")]
    if not held:
        return RowLabel(without=REFUSED)
    newest = max(
        reversed(held), key=lambda one: one.get("updated_at") or one.get("created_at") or ""
    )
    choices = [
        choice
        for result in _dicts(newest.get("result"))
        if result.get("type") == "choices" and isinstance(value := result.get("value"), dict)
        for choice in value.get("choices") or ()
    ]
    return _one([*dict.fromkeys(map(written, choices))])


def _dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing of what is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
