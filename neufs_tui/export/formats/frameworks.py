"""The prompt as the frameworks keep one that was saved: LangChain and DSPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neufs_tui.core.prompts import system_message
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Shape
from neufs_tui.export.formats.turns import prefix_messages
from neufs_tui.export.strict_json import strict_json

_MESSAGES = {
    "system": "SystemMessage",
    "user": "HumanMessage",
    "assistant": "AIMessage",
}
"""Role → LangChain's class."""


def langchain_prompt(few_shot: FewShotSet) -> str:
    """A ChatPromptTemplate as `dumpd` writes it, whose only variable is `text`.

    All turns but the last are messages and no templates, so braces in them mean nothing.
    """
    turns = [
        _constructed("schema", "messages", _MESSAGES[turn["role"]], content=turn["content"])
        for turn in prefix_messages(few_shot)
    ]
    question = _constructed(
        "prompts",
        "prompt",
        "PromptTemplate",
        input_variables=["text"],
        template="{text}".join(map(_braces_doubled, few_shot.task.input.split("{text}"))),
        template_format="f-string",
    )
    last = _constructed("prompts", "chat", "HumanMessagePromptTemplate", prompt=question)
    template = _constructed(
        "prompts", "chat", "ChatPromptTemplate", input_variables=["text"], messages=[*turns, last]
    )
    return strict_json(template, indent=2) + "\n"


def dspy_state(few_shot: FewShotSet) -> str:
    """The saved state of a `dspy.Predict` from `text` to `label`, with the set as its demos."""
    state: dict[str, Any] = {
        "traces": [],
        "train": [],
        "demos": [
            {"text": one.example.text, "label": one.answer.text} for one in few_shot.labelled
        ],
        "signature": {
            "instructions": system_message(few_shot.task),
            "fields": [
                {"prefix": "Text:", "description": "${text}"},
                {"prefix": "Label:", "description": "${label}"},
            ],
        },
        "lm": None,
        "metadata": {"dependency_versions": {}},
    }
    return strict_json(state, indent=2) + "\n"


def _constructed(*path: str, **arguments: Any) -> Mapping[str, Any]:
    """A LangChain object in the form in which it is saved."""
    return {"lc": 1, "type": "constructor", "id": ["langchain", *path], "kwargs": arguments}


def _braces_doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


FORMATS = {
    "langchain": Format(
        Shape.PROMPT,
        "LangChain",
        KEPT,
        "langchain.json",
        langchain_prompt,
        "from langchain_core.load import load\n"
        'prompt = load(json.load(open("langchain.json")), allowed_objects="core")\n'
        "prompt.format_messages(text=text)",
        has_turns=True,
    ),
    "dspy": Format(
        Shape.PROMPT,
        "DSPy, whose adapter writes messages of its own",
        KEPT,
        "dspy.json",
        dspy_state,
        'predict = dspy.Predict("text -> label")\npredict.load("dspy.json")\npredict(text=text)',
        by_suffix=True,
    ),
}
"""Name → format."""
