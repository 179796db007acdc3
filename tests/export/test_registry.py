from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Task, content_hash
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.registry import FORMATS, render
from tests.export.values import SYSTEM, TASK, labelled, written
from tests.pools import AWKWARD

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS)


def read_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_jsonl_has_id_text_label_and_the_rows_other_fields() -> None:
    few_shot = [labelled("x", source_id="r1", topic="t", choices=["a"]), labelled("y", "B")]
    assert read_lines(written("jsonl", TASK, few_shot)) == [
        {"id": "r1", "text": "x", "label": "A", "topic": "t", "choices": ["a"]},
        {"id": content_hash("y"), "text": "y", "label": "B"},
    ]


def test_a_rows_own_label_and_text_are_kept_under_other_names() -> None:
    few_shot = labelled("x", "A", text="another", label="B")
    (row,) = read_lines(written("jsonl", TASK, [few_shot]))
    assert (row["text"], row["source_text"]) == ("x", "another")
    assert (row["label"], row["gold_label"]) == ("A", "B")


@pytest.mark.parametrize("format_name", ["jsonl", "csv"])
def test_no_field_is_lost_when_the_other_name_is_taken_too(format_name: str) -> None:
    one = labelled("x", "A", label="B", gold_label="mine", gold_label_="also mine")
    text = written(format_name, TASK, [one, labelled("y")])
    row = (read_lines if format_name == "jsonl" else read_csv)(text)[0]
    assert row["label"] == "A"
    assert row["gold_label"] == "mine"
    assert row["gold_label_"] == "also mine"
    assert row["gold_label__"] == "B"


def test_chat_is_one_list_of_messages_in_labelling_order() -> None:
    few_shot = [labelled("x"), labelled("y", "B")]
    assert json.loads(written("chat", TASK, few_shot)) == [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "Text: x"},
        {"role": "assistant", "content": "<answer>A"},
        {"role": "user", "content": "Text: y"},
        {"role": "assistant", "content": "<answer>B"},
    ]


def test_openai_has_one_conversation_a_line_with_role_and_content_only() -> None:
    few_shot = [labelled("x", source_id=1, topic="t"), labelled("y", "B")]
    first, second = read_lines(written("openai", TASK, few_shot))
    assert first == {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": "Text: x"},
            {"role": "assistant", "content": "<answer>A"},
        ]
    }
    assert [message["content"] for message in second["messages"]] == [
        SYSTEM,
        "Text: y",
        "<answer>B",
    ]


def test_without_an_instruction_there_is_no_system_turn() -> None:
    task = Task(TASK.labels, instruction="")
    assert [m["role"] for m in json.loads(written("chat", task, [labelled("x")]))] == [
        "user",
        "assistant",
    ]


def test_csv_has_text_and_label_first_and_only_plain_fields() -> None:
    few_shot = [
        labelled("x, or\ny", source_id=7, topic="t", score=0.5, good=True, choices=["a"]),
        labelled('"q"', "B", score=None, late="z"),
    ]
    text = written("csv", TASK, few_shot)
    assert text == (
        "text,label,id,topic,score,good,late\r\n"
        '"x, or\ny",A,7,t,0.5,true,\r\n'
        f'"""q""",B,{content_hash(chr(34) + "q" + chr(34))},,,,z\r\n'
    )


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_come_back_from_every_format(text: str) -> None:
    task = Task(TASK.labels)
    few_shot = [labelled(text, text), labelled("plain", "B")]
    assert [
        (row["text"], row["label"]) for row in read_lines(written("jsonl", task, few_shot))
    ] == [
        (text, text),
        ("plain", "B"),
    ]
    assert [(row["text"], row["label"]) for row in read_csv(written("csv", task, few_shot))] == [
        (text, text),
        ("plain", "B"),
    ]
    chat = json.loads(written("chat", task, few_shot))
    assert [message["content"] for message in chat[1:3]] == [text, text]
    openai = read_lines(written("openai", task, few_shot))[0]["messages"]
    assert [message["content"] for message in openai[1:]] == [text, text]


@pytest.mark.parametrize("format_name", ["jsonl", "openai"])
@pytest.mark.parametrize("text", AWKWARD)
def test_an_example_is_one_line_whatever_a_reader_takes_for_its_end(
    format_name: str, text: str
) -> None:
    rendered = written(format_name, TASK, [labelled(text, note=text)] * 3)
    assert len(rendered.splitlines()) == 3


@given(st.lists(st.tuples(TEXTS, TEXTS, st.dictionaries(TEXTS, SCALARS)), min_size=1))
def test_any_text_label_and_fields_come_back_from_jsonl_and_csv(
    rows: list[tuple[str, str, dict[str, Any]]],
) -> None:
    few_shot = [
        labelled(text, label, **{f"f_{name}": value for name, value in fields.items()})
        for text, label, fields in rows
    ]
    lines = read_lines(written("jsonl", TASK, few_shot))
    table = read_csv(written("csv", TASK, few_shot))
    assert len(lines) == len(table) == len(rows)
    for (text, label, fields), line, record in zip(rows, lines, table, strict=True):
        assert (line["text"], line["label"]) == (record["text"], record["label"]) == (text, label)
        assert {name.removeprefix("f_"): line[name] for name in line if "f_" in name} == fields
        for name, value in fields.items():
            if isinstance(value, str):
                assert record[f"f_{name}"] == value


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ExportError, match="'xml'") as caught:
        render("xml", FewShotSet(TASK, [labelled("a")]))
    assert all(name in caught.value.hint for name in FORMATS)
