"""One row an example: JSON lines and CSV, with every other field of the pool's row.

`id`, `text` and `label` are this program's own: the row's `id` or else the content hash, the
text under whatever name it had, and the annotator's label. A field of the row that has one of
these names keeps its value under another: `source_id`, `source_text`, `gold_label`, with
underscores after it where the row has that name as well.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.export.format import KEPT, Format, Shape
from neufs_tui.export.strict_json import strict_json

_RENAMED = {"id": "source_id", "text": "source_text", "label": "gold_label"}
_LINE_ENDS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Characters that JSON leaves as they are and that some readers of lines end a line at."""


def jsonl_rows(labelled: Sequence[LabelledExample]) -> str:
    """One JSON object a line: `id`, `text`, `label`, then the row's other fields."""
    names = _names(labelled)
    return "".join(json_line(_row(one, names)) for one in labelled)


def csv_rows(labelled: Sequence[LabelledExample]) -> str:
    """RFC 4180 with a header: `text`, `label`, `id`, then the fields that hold no list or object.

    A field that is missing or null in a row is an empty cell.
    """
    names = _names(labelled)
    rows = [_row(one, names) for one in labelled]
    columns = ["text", "label", "id"]
    columns += [
        name
        for name in names.values()
        if not any(isinstance(row.get(name), list | dict) for row in rows)
    ]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def json_line(value: Mapping[str, Any]) -> str:
    """One object on one line, whatever a reader takes for the end of a line."""
    return strict_json(value).translate(_LINE_ENDS) + "\n"


def _row(one: LabelledExample, names: Mapping[str, str]) -> dict[str, Any]:
    own = {"id": one.example.stable_id, "text": one.example.text, "label": one.answer.text}
    return own | {names[field]: value for field, value in one.example.fields.items()}


def _names(labelled: Sequence[LabelledExample]) -> dict[str, str]:
    """Each field of the rows → its name in the export, the same for all rows."""
    fields = dict.fromkeys(field for one in labelled for field in one.example.fields)
    taken = {*_RENAMED, *fields}
    names = {}
    for field in fields:
        name = _RENAMED.get(field, field)
        while name != field and name in taken:
            name += "_"
        taken.add(name)
        names[field] = name
    return names


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else strict_json(value)


FORMATS = {
    "jsonl": Format(
        Shape.ROWS,
        "scripts, pandas, `neufs-tui import`",
        KEPT,
        "few_shot.jsonl",
        lambda few_shot: jsonl_rows(few_shot.labelled),
        'rows = [json.loads(line) for line in open("few_shot.jsonl")]',
    ),
    "csv": Format(
        Shape.ROWS,
        "spreadsheets, pandas, `neufs-tui import`",
        KEPT,
        "few_shot.csv",
        lambda few_shot: csv_rows(few_shot.labelled),
        'rows = pandas.read_csv("few_shot.csv", keep_default_na=False)',
    ),
}
"""Name → format."""
