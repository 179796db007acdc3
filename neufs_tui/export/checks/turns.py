"""Chat turns: one prompt, one conversation an example, or requests, read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from neufs_tui.export.checks.found import Found
from neufs_tui.export.checks.reading import (
    ChatMessage,
    Check,
    Strict,
    Text,
    messages_found,
    rows,
    turns_found,
)
from neufs_tui.export.few_shot_set import FewShotSet


def _together(found: Sequence[Found]) -> Found:
    """Conversations of one example each, which all begin alike."""
    systems = {one.system for one in found}
    if len(systems) > 1:
        raise ValueError("its conversations begin with different instructions")
    return Found([shot for one in found for shot in one.shots], next(iter(systems), None))


def _chat(path: Path, _: FewShotSet) -> Found:
    return messages_found(TypeAdapter(list[ChatMessage]).validate_json(path.read_bytes()))


class _Conversation(Strict):
    messages: list[ChatMessage]


def _openai(path: Path, _: FewShotSet) -> Found:
    return _together([messages_found(one.messages) for one in rows(path, _Conversation)])


class _PromptCompletion(Strict):
    prompt: list[ChatMessage]
    completion: Annotated[list[ChatMessage], Field(min_length=1, max_length=1)]


def _trl(path: Path, _: FewShotSet) -> Found:
    return _together(
        [messages_found([*one.prompt, *one.completion]) for one in rows(path, _PromptCompletion)]
    )


class _Said(Strict):
    from_: Literal["human", "gpt"] = Field(alias="from")
    value: Text


class _ShareGpt(Strict):
    id: str
    conversations: Annotated[list[_Said], Field(min_length=2)]
    system: Text | None = None


_CHAT_ROLES = {"human": "user", "gpt": "assistant"}


def _sharegpt(path: Path, _: FewShotSet) -> Found:
    found = []
    for one in TypeAdapter(list[_ShareGpt]).validate_json(path.read_bytes()):
        system = [("system", one.system)] if one.system else []
        said = [(_CHAT_ROLES[turn.from_], turn.value) for turn in one.conversations]
        found.append(turns_found([*system, *said]))
    return _together(found)


class _Body(Strict):
    model: Text
    messages: list[ChatMessage]
    temperature: int


class _Request(Strict):
    custom_id: Text
    method: Literal["POST"]
    url: Literal["/v1/chat/completions"]
    body: _Body


def _openai_batch(path: Path, _: FewShotSet) -> Found:
    requests = rows(path, _Request)
    if len({one.custom_id for one in requests}) != len(requests):
        raise ValueError("two requests have one custom_id")
    return requests_found([[(m.role, m.content) for m in one.body.messages] for one in requests])


def requests_found(requests: Sequence[Sequence[tuple[str, str]]]) -> Found:
    """What requests show, which is to be the same in all, and what each asks."""
    found = [turns_found(one, asks=True) for one in requests]
    first = found[0]
    if any((one.shots, one.system) != (first.shots, first.system) for one in found):
        raise ValueError("its requests show different examples")
    return Found(first.shots, first.system, asked=[one.question or "" for one in found])


def _openai_loaded(path: Path, _: FewShotSet) -> Found:
    """By the types of OpenAI's client; it has none for a file to train on."""
    from openai.types.chat import ChatCompletionMessageParam

    messages = TypeAdapter(list[ChatCompletionMessageParam])
    lines = _json_lines(path)
    return _together([_typed_turns(messages.validate_python(one["messages"])) for one in lines])


def _openai_batch_loaded(path: Path, _: FewShotSet) -> Found:
    from openai.types.chat import ChatCompletionMessageParam
    from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

    body = TypeAdapter(CompletionCreateParamsNonStreaming)
    messages = TypeAdapter(list[ChatCompletionMessageParam])
    requests = []
    for line in _json_lines(path):
        body.validate_python(line["body"])
        requests.append(_roles(messages.validate_python(line["body"]["messages"])))
    return requests_found(requests)


def _trl_loaded(path: Path, _: FewShotSet) -> Found:
    from datasets import load_dataset
    from trl.data_utils import is_conversational

    with TemporaryDirectory() as cache:
        read = load_dataset("json", data_files=str(path), split="train", cache_dir=cache)
        examples = [*read]
    if not all(map(is_conversational, examples)):
        raise ValueError("a row of it is no conversation")
    return _together([_typed_turns([*one["prompt"], *one["completion"]]) for one in examples])


def _sharegpt_loaded(path: Path, _: FewShotSet) -> Found:
    """By TRL, which makes messages of such rows and leaves their roles and `system` as they are."""
    from trl.data_utils import maybe_convert_to_chatml

    found = []
    for one in json.loads(path.read_bytes()):
        chat = maybe_convert_to_chatml({"conversations": one["conversations"]})["messages"]
        system = [("system", one["system"])] if "system" in one else []
        said = [(_CHAT_ROLES[turn["role"]], turn["content"]) for turn in chat]
        found.append(turns_found([*system, *said]))
    return _together(found)


def _json_lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def _roles(messages: Sequence[Any]) -> list[tuple[str, str]]:
    return [(one["role"], one["content"]) for one in messages]


def _typed_turns(messages: Sequence[Any]) -> Found:
    return turns_found(_roles(messages))


CHECKS = {
    "chat": Check(_chat, reader="Python's json"),
    "openai-batch": Check(_openai_batch, "openai", _openai_batch_loaded),
    "openai": Check(_openai, "openai", _openai_loaded),
    "trl": Check(_trl, "trl", _trl_loaded),
    "sharegpt": Check(_sharegpt, "trl", _sharegpt_loaded),
}
"""Name of a format → how it is read again."""
