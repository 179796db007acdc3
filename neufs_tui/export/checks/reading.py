"""Parts of which readers of exports are made"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

from neufs_tui.export.checks.found import Found
from neufs_tui.export.few_shot_set import FewShotSet

Read = Callable[[Path, FewShotSet], Found]
"""File or folder, and what was written → what it holds."""


@dataclass(frozen=True, slots=True)
class Check:
    """How an export is read again."""

    read: Read
    """By its schema: strict, with no field that was not agreed on."""
    library: str = ""
    """Distribution of what it is for; empty where none can be installed."""
    load: Read | None = None
    """By that library."""
    reader: str = "its schema"
    """What `read` is, in messages."""


Row = TypeVar("Row", bound=BaseModel)
Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A schema that takes nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TextLabel(Strict):
    """A row of its own."""

    text: Text
    label: Text


class ChatMessage(Strict):
    """A turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: Text


def turns_found(turns: Sequence[tuple[str, str]], *, asks: bool = False) -> Found:
    """Roles and contents → instruction, shots and, where the last turn asks, the question.

    Raises:
        ValueError: the turns do not alternate.
    """
    rest = [*turns]
    system = rest.pop(0)[1] if rest and rest[0][0] == "system" else ""
    question = rest.pop()[1] if asks else None
    users, answers = rest[::2], rest[1::2]
    roles = {role for role, _ in users}, {role for role, _ in answers}
    if rest and (roles != ({"user"}, {"assistant"}) or len(users) != len(answers)):
        raise ValueError("its turns are not by user and assistant in turn")
    shots = [(text, answer) for (_, text), (_, answer) in zip(users, answers, strict=True)]
    return Found(shots, system, question)


def messages_found(messages: Sequence[ChatMessage], *, asks: bool = False) -> Found:
    """The same of messages."""
    return turns_found([(one.role, one.content) for one in messages], asks=asks)


def rows(path: Path, row: type[Row]) -> list[Row]:
    """The rows of a file of JSON lines, each checked."""
    lines = path.read_bytes().decode().split("\n")[:-1]
    return [row.model_validate_json(line) for line in lines]


def jinja_rendered(template: str, **variables: str) -> str:
    """What Jinja makes of a template, as the tools set it up."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(template).render(**variables)
