from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Example, content_hash
from neufs_tui.export.formats.predictions import Prediction, prediction_lines, prediction_table

# what UTF-8 can write
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@st.composite
def predictions(draw: st.DrawFn) -> tuple[list[str], list[Prediction]]:
    names = draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
    rows = []
    for row, text in enumerate(draw(st.lists(WORDS, max_size=4))):
        shares = draw(st.lists(st.floats(0, 1), min_size=len(names), max_size=len(names)))
        source_id = draw(st.one_of(st.none(), st.integers(), WORDS))
        example = Example(content_hash(text), text, row, source_id, {"label": "gold"})
        each = dict(zip(names, shares, strict=True))
        rows.append(Prediction(example, draw(st.sampled_from(names)), each, "readout"))
    return names, rows


@given(predictions())
def test_lines_and_table_say_the_same_of_any_text(
    told: tuple[list[str], list[Prediction]],
) -> None:
    names, rows = told
    lines = [json.loads(line) for line in prediction_lines(rows).splitlines()]
    assert len(lines) == len(rows)
    table = io.StringIO(prediction_table(rows, names), newline="")
    cells = [*csv.DictReader(table)]
    for one, line, row in zip(rows, lines, cells, strict=True):
        assert line == {
            "id": one.example.stable_id,
            "text": one.example.text,
            "label": one.label,
            "probability": one.probabilities[one.label],
            "probabilities": one.probabilities,
            "by": "readout",
        }
        assert [*line["probabilities"]] == names
        assert (row["id"], row["text"]) == (str(line["id"]), line["text"])
        assert (row["label"], row["by"]) == (line["label"], "readout")
        assert float(row["probability"]) == line["probability"]
        assert [float(row[f"probability of {name}"]) for name in names] == [
            *line["probabilities"].values()
        ]


def test_a_label_that_has_a_columns_name_has_a_column_of_its_own() -> None:
    row = Prediction(Example("h", "t", 0), "text", {"text": 0.75, "id": 0.25}, "both")
    header, cells = csv.reader(io.StringIO(prediction_table([row], ["text", "id"])))
    assert dict(zip(header, cells, strict=True)) == {
        "id": "h",
        "text": "t",
        "label": "text",
        "probability": "0.75",
        "probability of text": "0.75",
        "probability of id": "0.25",
        "by": "both",
    }
    assert len({*header}) == len(header)


def test_without_a_row_the_table_is_its_header() -> None:
    assert prediction_lines([]) == ""
    assert prediction_table([], ["a", "b"]).count("\r\n") == 1
