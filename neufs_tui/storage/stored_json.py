"""Values as the session file keeps them: JSON out, checked values in."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from neufs_tui.core.calibration import Calibration
from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.explanation import Explanation
from neufs_tui.core.records import Answer, ExampleId, ModelIdentity, Pick, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.errors import SessionError

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What a session was last used with."""

    task: Task
    model: ModelChoice = field(default_factory=ModelChoice)
    selection: SelectionSettings = field(default_factory=SelectionSettings)


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """What was on the screen."""

    example_id: ExampleId
    revision: int
    """Length of the journal when it was painted; it is out of date at any other."""
    pick: Pick | None = None
    looked: bool = False
    """The annotator has seen the model's answer to it."""


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """The pool file a session was last opened on."""

    name: str
    """File name without its folder, or `-` for standard input."""
    sha256: str
    """Digest of the file's bytes."""
    text_field: str | None
    """Field that the user named as holding the text."""
    examples: str
    """Digest of its examples' ids, in file order."""
    encoding: str | None = None
    """Encoding that the user named."""


_ANSWER = TypeAdapter(Answer)
_SETTINGS = TypeAdapter(SessionSettings)
_SHOWN = TypeAdapter(ShownRecord)
_POOL = TypeAdapter(PoolRecord)
_PICK = TypeAdapter(Pick)
_MODEL = TypeAdapter(ModelIdentity)
_TASK = TypeAdapter(Task)
_PANEL = TypeAdapter(Explanation)
_CALIBRATION = TypeAdapter(Calibration)
_CHECKS = TypeAdapter(ChecksRead)

Stored = (
    Answer
    | SessionSettings
    | ShownRecord
    | PoolRecord
    | Pick
    | ModelIdentity
    | Task
    | Explanation
    | Calibration
)


def to_json(value: Stored) -> str:
    """Write a value; numbers that are no numbers stay what they are."""
    return json.dumps(asdict(value))


def answer_from_json(text: str) -> Answer:
    """Read an answer, which is never lost.

    Raises:
        SessionError: it is none that this version knows.
    """
    try:
        return _ANSWER.validate_json(text)
    except ValidationError as error:
        raise SessionError(f"the session holds an answer that cannot be read: {text}") from error


def settings_from_json(text: str) -> SessionSettings | None:
    """Read settings; None when another version wrote them otherwise."""
    return _read(_SETTINGS, text)


def shown_from_json(text: str) -> ShownRecord | None:
    """Read what was shown; None when another version wrote it otherwise."""
    return _read(_SHOWN, text)


def pool_from_json(text: str) -> PoolRecord | None:
    """Read what a pool was; None when another version wrote it otherwise."""
    return _read(_POOL, text)


def pick_from_json(text: str) -> Pick | None:
    """Read a pick; None when another version wrote it with other numbers."""
    return _read(_PICK, text)


def model_from_json(text: str) -> ModelIdentity | None:
    """Read a model's identity; None when another version wrote it otherwise."""
    return _read(_MODEL, text)


def task_from_json(text: str) -> Task | None:
    """Read what was asked; None when another version wrote it otherwise."""
    return _read(_TASK, text)


def panel_from_json(text: str) -> Explanation | None:
    """Read what a panel said; None when another version wrote it otherwise."""
    return _read(_PANEL, text)


def checks_to_json(read: ChecksRead) -> str:
    """Write readings, of which there may be many thousand, while a key may come."""
    return _CHECKS.dump_json(read).decode()


def checks_from_json(text: str) -> ChecksRead | None:
    """Read them; None when another version wrote them otherwise."""
    return _read(_CHECKS, text)


def calibration_from_json(text: str) -> Calibration | None:
    """Read what calibrated answers; None when another version wrote it otherwise."""
    return _read(_CALIBRATION, text)


def _read(adapter: TypeAdapter[Value], text: str) -> Value | None:
    """What explains a label may be lost to a new version; the label itself never is."""
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        logger.warning("a stored value cannot be read: %s", error)
        return None
