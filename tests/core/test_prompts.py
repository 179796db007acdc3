"""Chat messages, with placeholders replaced as plain text."""

from __future__ import annotations

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
