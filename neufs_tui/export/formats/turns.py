"""Chat turns: one prompt with all demonstrations, one conversation an example, or requests."""

from __future__ import annotations

from collections.abc import Sequence

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.prompts import Message, chat_messages, system_message, user_message
from neufs_tui.core.records import Demonstration, Task
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Needs, Shape
from neufs_tui.export.formats.rows import json_line
from neufs_tui.export.strict_json import strict_json

MAX_REQUESTS = 50_000
"""Requests that OpenAI takes in one file."""


def chat_prefix(few_shot: FewShotSet) -> str:
    """A JSON list of messages to put in front of a new user turn."""
    return strict_json(prefix_messages(few_shot), indent=2) + "\n"


def openai_lines(few_shot: FewShotSet) -> str:
    """One conversation a line, as OpenAI's fine-tuning takes them: only role and content."""
    return "".join(
        json_line({"messages": _conversation(few_shot.task, one)}) for one in few_shot.labelled
    )


def trl_lines(few_shot: FewShotSet) -> str:
    """One conversation a line, in TRL's form for prompts with completions."""
    conversations = [_conversation(few_shot.task, one) for one in few_shot.labelled]
    return "".join(json_line({"prompt": one[:-1], "completion": one[-1:]}) for one in conversations)


def sharegpt_list(few_shot: FewShotSet) -> str:
    """A JSON list of conversations in which `human` and `gpt` take turns, after `system`."""
    system = system_message(few_shot.task)
    conversations = []
    for one in few_shot.labelled:
        user, assistant = _conversation(few_shot.task, one)[-2:]
        turns = [
            {"from": "human", "value": user["content"]},
            {"from": "gpt", "value": assistant["content"]},
        ]
        known = {"id": str(one.example.stable_id), "conversations": turns}
        conversations.append(known | ({"system": system} if system else {}))
    return strict_json(conversations, indent=2) + "\n"


def openai_batch(few_shot: FewShotSet) -> str:
    """One chat request a line, for each text, with the whole set in front of it.

    Raises:
        ExportError: there are more than a file may hold.
    """
    if len(few_shot.texts) > MAX_REQUESTS:
        raise ExportError(
            f"{len(few_shot.texts):,} requests are more than the {MAX_REQUESTS:,} that a batch "
            "may have",
            hint="split the file of texts",
        )
    prefix = prefix_messages(few_shot)
    return "".join(
        json_line(
            {
                "custom_id": text.id,
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {
                    "model": few_shot.model,
                    "messages": [*prefix, _user(few_shot.task, text.text)],
                    "temperature": 0,
                },
            }
        )
        for text in few_shot.texts
    )


def prefix_messages(few_shot: FewShotSet) -> list[Message]:
    """What comes in front of a new user turn."""
    return chat_messages(few_shot.task, few_shot.demonstrations, text="")[:-1]


def _conversation(task: Task, one: LabelledExample) -> list[Message]:
    shown: Sequence[Demonstration] = [Demonstration(one.example.text, one.answer.text)]
    return chat_messages(task, shown, text="")[:-1]


def _user(task: Task, text: str) -> Message:
    return {"role": "user", "content": user_message(task, text)}


FORMATS = {
    "chat": Format(
        Shape.PROMPT,
        "any API that takes chat messages",
        KEPT,
        "few_shot.json",
        chat_prefix,
        'turn = {"role": "user", "content": text}\n'
        'messages = [*json.load(open("few_shot.json")), turn]',
        has_turns=True,
    ),
    "openai-batch": Format(
        Shape.PROMPT,
        "batch APIs of OpenAI, vLLM and others",
        "kept within each request",
        "requests.jsonl",
        openai_batch,
        'file = client.files.create(file=open("requests.jsonl", "rb"), purpose="batch")\n'
        "# or: vllm run-batch -i requests.jsonl -o answers.jsonl --model MODEL",
        has_turns=True,
        needs=Needs.TEXTS,
        names_model=True,
    ),
    "openai": Format(
        Shape.ROWS,
        "fine-tuning at OpenAI and where its files are taken",
        "kept in the file; training shuffles",
        "openai.jsonl",
        openai_lines,
        'client.files.create(file=open("openai.jsonl", "rb"), purpose="fine-tune")',
        has_turns=True,
    ),
    "trl": Format(
        Shape.ROWS,
        "TRL's SFTTrainer",
        "kept in the file; training shuffles",
        "trl.jsonl",
        trl_lines,
        'rows = load_dataset("json", data_files="trl.jsonl", split="train")\n'
        "SFTTrainer(model, train_dataset=rows)",
        has_turns=True,
    ),
    "sharegpt": Format(
        Shape.ROWS,
        "LLaMA-Factory, Axolotl, FastChat",
        "kept in the file; training shuffles",
        "sharegpt.json",
        sharegpt_list,
        '"few_shot": {"file_name": "sharegpt.json", "formatting": "sharegpt",\n'
        '             "columns": {"messages": "conversations", "system": "system"}}',
        has_turns=True,
    ),
}
"""Name → format."""
