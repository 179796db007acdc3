"""Chat messages, with placeholders replaced as plain text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.prompts import chat_messages
from neufs_tui.core.records import Demonstration, Label, Task, content_hash

TASK = Task(
    labels=(Label("yes", "it does"), Label("no")),
    instruction="Choose:\n{labels}",
    input="Text: {text}",
    answer_prefix="<a>",
)


def test_demonstrations_come_between_the_instruction_and_the_example() -> None:
    messages = chat_messages(TASK, [Demonstration("one", "no")], "two")
    assert messages == [
        {"role": "system", "content": "Choose:\n- yes: it does\n- no"},
        {"role": "user", "content": "Text: one"},
        {"role": "assistant", "content": "<a>no"},
        {"role": "user", "content": "Text: two"},
    ]


def test_an_empty_instruction_leaves_the_system_turn_out() -> None:
    assert [turn["role"] for turn in chat_messages(Task((), instruction=""), [], "x")] == ["user"]


@given(st.text())
def test_braces_in_a_text_mean_nothing(text: str) -> None:
    assert chat_messages(TASK, [], text)[-1]["content"] == "Text: " + text


@given(st.text(), st.text())
def test_equal_texts_and_only_those_share_an_id(one: str, other: str) -> None:
    assert (content_hash(one) == content_hash(other)) == (one == other)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ()),
        ({"instruction": "Sort."}, ("instruction",)),
        ({"input": "{text}", "answer_prefix": ""}, ("input template", "answer prefix")),
        ({"labels": (Label("no"), Label("yes", "it does"))}, ("set of labels",)),
        ({"labels": (Label("yes", "it may"), Label("no"))}, ("definition",)),
        ({"labels": (Label("yes", "it does"), Label("new", "is new"))}, ("set of labels",)),
    ],
)
def test_a_task_tells_what_it_asks_otherwise(
    changed: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert replace(TASK, **changed).changes_since(TASK) == expected
