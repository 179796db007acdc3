"""A task with its test, for lm-eval and promptfoo, read again."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, TypeAdapter

from neufs_tui.export.checks.found import PROBE, Found
from neufs_tui.export.checks.reading import (
    ChatMessage,
    Check,
    Strict,
    Text,
    jinja_rendered,
    rows,
    turns_found,
)
from neufs_tui.export.few_shot_set import FewShotSet


class _Document(Strict):
    id: str
    prompt: Text
    answer: int


class _FewshotConfig(Strict):
    sampler: Literal["first_n"]
    samples: list[_Document]


class _LmEvalTask(Strict):
    task: Annotated[str, Field(pattern=r"^\w+$")]
    dataset_path: Literal["json"]
    dataset_kwargs: dict[str, dict[str, str]]
    test_split: Literal["test"]
    output_type: Literal["multiple_choice"]
    description: str
    doc_to_text: Literal["prompt"]
    doc_to_choice: list[Text]
    doc_to_target: Literal["answer"]
    num_fewshot: int
    fewshot_config: _FewshotConfig
    metric_list: list[dict[str, Any]]
    metadata: dict[str, Any]


def _lm_eval(path: Path, few_shot: FewShotSet) -> Found:
    (file,) = path.glob("*.yaml")
    task = _LmEvalTask.model_validate(yaml.safe_load(file.read_bytes()))
    if task.num_fewshot != len(task.fewshot_config.samples):
        raise ValueError("it shows another number of examples than it has")
    documents = rows(path / task.dataset_kwargs["data_files"]["test"], _Document)
    answered = [
        [(one.prompt, task.doc_to_choice[one.answer]) for one in part]
        for part in (task.fewshot_config.samples, documents)
    ]
    prefix = few_shot.task.answer_prefix
    names = [choice.removeprefix(prefix) for choice in task.doc_to_choice]
    return Found(answered[0], jinja_rendered(task.description), labels=names, tests=answered[1])


class _Assertion(Strict):
    type: Literal["equals"]
    value: Text


class _Vars(Strict):
    text: Text


class _PromptfooTest(Strict):
    vars: _Vars
    assert_: Annotated[list[_Assertion], Field(alias="assert", min_length=1, max_length=1)]
    metadata: dict[str, str]


class _PromptfooConfig(Strict):
    description: str
    prompts: list[str]
    providers: list[str]
    tests: str


def _promptfoo(path: Path, _: FewShotSet) -> Found:
    read = yaml.safe_load((path / "promptfooconfig.yaml").read_bytes())
    config = _PromptfooConfig.model_validate(read)
    (prompt,) = (path / one.removeprefix("file://") for one in config.prompts)
    messages = TypeAdapter(list[ChatMessage]).validate_json(prompt.read_bytes())
    turns = [(one.role, jinja_rendered(one.content, text=PROBE)) for one in messages]
    found = turns_found(turns, asks=True)
    tests = [
        (
            jinja_rendered(messages[-1].content, text=one.vars.text),
            jinja_rendered(one.assert_[0].value),
        )
        for one in rows(path / config.tests.removeprefix("file://"), _PromptfooTest)
    ]
    return Found(found.shots, found.system, found.question, tests=tests)


def _lm_eval_loaded(path: Path, few_shot: FewShotSet) -> Found:
    """By the harness itself, whose requests are looked at: what it would send to a model."""
    from lm_eval.tasks import TaskManager

    chats: list[list[tuple[str, str]]] = []

    def keep(chat: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        chats.append([(turn["role"], turn["content"]) for turn in chat])
        return str(len(chats))

    with chdir(path):
        manager = TaskManager(include_path=".", include_defaults=False)
        task = manager.load([few_shot.name])["tasks"][few_shot.name]
        documents = [*task.eval_docs]
        task.build_all_requests(
            apply_chat_template=True, fewshot_as_multiturn=True, chat_template=keep
        )
    asked = [turns_found(chat, asks=True) for chat in chats]
    if any((one.shots, one.system) != (asked[0].shots, asked[0].system) for one in asked):
        raise ValueError("its requests show different examples")
    choices = task.doc_to_choice(documents[0])
    golds = [choices[task.doc_to_target(one)] for one in documents]
    tests = [(one.question or "", gold) for one, gold in zip(asked, golds, strict=True)]
    return Found(asked[0].shots, asked[0].system, tests=tests)


def _promptfoo_loaded(path: Path, _: FewShotSet) -> Found:
    """By its command line, with the provider that answers with the prompt."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
        subprocess.run(
            ["promptfoo", "eval", "--no-cache", "--no-table", "-r", "echo", "-o", str(out)],
            cwd=path,
            env={**os.environ, **quiet, "PROMPTFOO_CONFIG_DIR": folder},
            capture_output=True,
            check=False,  # an answer that is the prompt fails every test
        )
        results = json.loads(out.read_bytes())["results"]["results"]
    chats = [json.loads(one["response"]["output"]) for one in results]
    found = [
        turns_found([(one["role"], one["content"]) for one in chat], asks=True) for chat in chats
    ]
    golds = [one["testCase"]["assert"][0]["value"] for one in results]
    tests = [
        (one.question or "", jinja_rendered(gold)) for one, gold in zip(found, golds, strict=True)
    ]
    return Found(found[0].shots, found[0].system, tests=tests)


CHECKS = {
    "lm-eval": Check(_lm_eval, "lm_eval", _lm_eval_loaded),
    "promptfoo": Check(_promptfoo, "promptfoo", _promptfoo_loaded),
}
"""Name of a format → how it is read again."""
