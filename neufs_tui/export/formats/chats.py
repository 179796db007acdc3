"""Chat messages: one prompt with all demonstrations, or one conversation an example."""

from __future__ import annotations

from collections.abc import Sequence

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.prompts import Message, chat_messages
from neufs_tui.core.records import Demonstration, Task
from neufs_tui.export.formats.rows import json_line
from neufs_tui.export.strict_json import strict_json


def chat_prefix(task: Task, labelled: Sequence[LabelledExample]) -> str:
    """A JSON list of messages to put in front of a new user turn, in labelling order."""
    return strict_json(_messages(task, labelled), indent=2) + "\n"


def openai_lines(task: Task, labelled: Sequence[LabelledExample]) -> str:
    """One conversation a line, as OpenAI's fine-tuning takes them: only role and content."""
    return "".join(json_line({"messages": _messages(task, [one])}) for one in labelled)


def _messages(task: Task, labelled: Sequence[LabelledExample]) -> list[Message]:
    demonstrations = [Demonstration(one.example.text, one.answer.text) for one in labelled]
    return chat_messages(task, demonstrations, text="")[:-1]
