"""A few-shot task with its test, for the tools that measure prompts: lm-eval and promptfoo."""

from __future__ import annotations

import re
from typing import Any

from neufs_tui.core.prompts import system_message, user_message
from neufs_tui.core.records import Example
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import KEPT, Format, Needs, Shape
from neufs_tui.export.formats.rows import json_line
from neufs_tui.export.formats.templates import jinja_literal, to_yaml
from neufs_tui.export.formats.turns import prefix_messages
from neufs_tui.export.strict_json import strict_json

_FETCHED = re.compile(r"\s*(file://|package:)")
"""What promptfoo takes for the place of a value."""
_VARIABLE = re.compile(r"\{\{[^}]*\b(text|env)\b")
"""What promptfoo replaces in a text that is itself a variable."""


def lm_eval_task(few_shot: FewShotSet) -> dict[str, str]:
    """A multiple-choice task of lm-evaluation-harness, with its demonstrations and its test.

    The whole user turn is a field, and the answer the number of a choice: a template's result
    that is all digits would be taken for a number, and so would a label.
    """
    choices = [few_shot.task.answer_prefix + name for name in few_shot.task.label_names]
    shown = [(one.example, one.answer.text) for one in few_shot.labelled]
    task = {
        "task": few_shot.name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "test.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "description": jinja_literal(system_message(few_shot.task)),
        "doc_to_text": "prompt",
        "doc_to_choice": choices,
        "doc_to_target": "answer",
        "num_fewshot": len(shown),
        "fewshot_config": {
            "sampler": "first_n",
            "samples": [_document(few_shot, *one) for one in shown],
        },
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0},
    }
    return {
        f"{few_shot.name}.yaml": to_yaml(task),
        "test.jsonl": "".join(json_line(_document(few_shot, *one)) for one in few_shot.tests),
    }


def promptfoo_config(few_shot: FewShotSet) -> dict[str, str]:
    """A prompt of chat messages, its test, and the configuration that joins them.

    Raises:
        ExportError: promptfoo would put something else in the place of a text or a label.
    """
    turns = [
        {"role": turn["role"], "content": jinja_literal(turn["content"])}
        for turn in prefix_messages(few_shot)
    ]
    question = "{{text}}".join(map(jinja_literal, few_shot.task.input.split("{text}")))
    config = {
        "description": few_shot.name,
        "prompts": ["file://prompt.json"],
        # the one that needs no key: it answers with the prompt
        "providers": ["echo"],
        "tests": "file://tests.jsonl",
    }
    return {
        "promptfooconfig.yaml": to_yaml(config),
        "prompt.json": strict_json([*turns, {"role": "user", "content": question}], indent=2)
        + "\n",
        "tests.jsonl": "".join(_promptfoo_test(few_shot, *one) for one in few_shot.tests),
    }


def _document(few_shot: FewShotSet, example: Example, label: str) -> dict[str, Any]:
    return {
        "id": str(example.stable_id),
        "prompt": user_message(few_shot.task, example.text),
        "answer": few_shot.task.label_names.index(label),
    }


def _promptfoo_test(few_shot: FewShotSet, example: Example, label: str) -> str:
    answer = few_shot.task.answer_prefix + label
    if _FETCHED.match(example.text) or _VARIABLE.search(example.text) or _FETCHED.match(answer):
        raise ExportError(
            f"promptfoo would put something else in the place of the test's text "
            f"{example.number:,} or of its label: it begins with a place, or names a variable",
            hint="leave the text out of the test, or choose another format",
        )
    test = {
        "vars": {"text": example.text},
        "assert": [{"type": "equals", "value": jinja_literal(answer)}],
        "metadata": {"id": str(example.stable_id)},
    }
    return json_line(test)


FORMATS = {
    "lm-eval": Format(
        Shape.PROMPT,
        "lm-evaluation-harness",
        "kept by its sampler, first_n",
        "lm_eval",
        lm_eval_task,
        "lm_eval --model hf --model_args pretrained=MODEL --include_path . --tasks TASK \\\n"
        "  --apply_chat_template --fewshot_as_multiturn true",
        has_turns=True,
        needs=Needs.TESTS,
        takes_tests=True,
    ),
    "promptfoo": Format(
        Shape.PROMPT,
        "promptfoo",
        KEPT,
        "promptfoo",
        promptfoo_config,
        "# name your model under providers in promptfooconfig.yaml, such as ollama:chat:llama3\n"
        "promptfoo eval",
        has_turns=True,
        needs=Needs.TESTS,
        takes_tests=True,
    ),
}
"""Name → format."""
