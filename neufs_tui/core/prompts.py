"""Task, demonstrations and example → chat messages.

Placeholders are replaced as plain text: braces in a pool's texts mean nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, TypedDict

from neufs_tui.core.records import Demonstration, Task

PROMPT_DATE = date(2026, 1, 1)
"""Today, to chat templates that print it: a prompt must not change from day to day."""

Role = Literal["system", "user", "assistant"]


class Message(TypedDict):
    """One turn of a chat, as chat templates take it."""

    role: Role
    content: str


def system_message(task: Task) -> str:
    """The instruction with its `{labels}` placeholder filled, one `- name: definition` a line."""
    lines = [
        f"- {label.name}: {label.definition}" if label.definition else f"- {label.name}"
        for label in task.labels
    ]
    return task.instruction.replace("{labels}", "\n".join(lines))


def user_message(task: Task, text: str) -> str:
    """The user turn for one text."""
    return task.input.replace("{text}", text)


def chat_messages(task: Task, demonstrations: Sequence[Demonstration], text: str) -> list[Message]:
    """The chat up to the point where the model answers for `text`.

    An empty instruction leaves the system turn out. The answer prefix belongs to the answer
    and is not among these messages, except inside the demonstrations.
    """
    messages: list[Message] = []
    if system := system_message(task):
        messages.append({"role": "system", "content": system})
    for demonstration in demonstrations:
        messages.append({"role": "user", "content": user_message(task, demonstration.text)})
        answer = task.answer_prefix + demonstration.answer
        messages.append({"role": "assistant", "content": answer})
    messages.append({"role": "user", "content": user_message(task, text)})
    return messages
