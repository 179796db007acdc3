"""What `neufs.toml` and the user's `config.toml` may say, checked, with the place of what is wrong.

A file becomes flat: dotted key → value, so that files, environment and flags can be laid over
one another key by key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from neufs_tui.core.records import Label
from neufs_tui.core.settings import DifficultyName
from neufs_tui.errors import SelectionError, UsageError
from neufs_tui.selection.registry import find_strategy
from neufs_tui.storage.label_names import first_clash, told_apart


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _distinct(labels: list[_Label]) -> list[_Label]:
    names = [label.name for label in labels]
    for name in names:
        if not name.strip():
            raise ValueError("a label has no name")
        if names.count(name) > 1:
            raise ValueError(f"the label {name!r} is there twice")
        if name.encode(errors="replace").decode() != name:
            raise ValueError(f"the label {name!r} is not UTF-8")
    if (clash := first_clash(names)) is not None:
        one, other = clash
        raise ValueError(
            f"the labels {told_apart(one, other)} and {told_apart(other, one)} differ only in "
            "Unicode form, case or blanks around them"
        )
    return labels


def _known_encoding(value: str) -> str:
    try:
        "a".encode(value)
    except (LookupError, UnicodeError, ValueError) as error:
        raise ValueError(f"there is no encoding {value!r}, as cp1252 and utf-16 are") from error
    return value


def _known_strategy(value: str) -> str:
    try:
        find_strategy(value)
    except SelectionError as error:
        raise ValueError(f"{error.message}: {error.hint}") from error
    return value


def _with_text(value: str) -> str:
    if "{text}" not in value:
        raise ValueError("it must contain {text}, where the example goes")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Label(_Section):
    name: str
    definition: str = ""


_Labels = Annotated[
    list[Annotated[_Label, BeforeValidator(_named)]], Field(min_length=1), AfterValidator(_distinct)
]


class _Task(_Section):
    kind: Literal["classify"] | None = None
    instruction: str | None = None
    input: Annotated[str, AfterValidator(_with_text)] | None = None
    answer_prefix: str | None = None
    guidelines: Annotated[str, Field(min_length=1)] | None = None
    labels: _Labels | None = None


class _Model(_Section):
    name: Annotated[str, Field(min_length=1)] | None = None
    device: str | None = None
    device_map: Literal["auto", "balanced", "balanced_low_0", "sequential"] | None = None
    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    adapter: Annotated[str, Field(min_length=1)] | None = None


class _Selection(_Section):
    shots: Annotated[int, Field(ge=1)] | None = None
    tau: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    rescore: Literal["off", "shortlist", "pool"] | None = None
    difficulty: DifficultyName | None = None
    strategy: Annotated[str, AfterValidator(_known_strategy)] | None = None
    calibration: bool | None = None
    balance: bool | None = None
    check: Annotated[int, Field(ge=0)] | None = None
    again: Annotated[int, Field(ge=0)] | None = None
    test: str | None = None
    gold: Annotated[str, Field(min_length=1)] | None = None


class _Pool(_Section):
    text_field: Annotated[str, Field(min_length=1)] | None = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = None


class _File(_Section):
    task: _Task = _Task()
    model: _Model = _Model()
    selection: _Selection = _Selection()
    pool: _Pool = _Pool()
    keys: dict[str, str] = {}
    """Command → keys, separated by commas; which commands there are is known to the screen."""


KEYS = frozenset(
    f"{section}.{key}"
    for section, model in (
        ("task", _Task), ("model", _Model), ("selection", _Selection), ("pool", _Pool),
    )
    for key in model.model_fields
)  # fmt: skip
"""Every dotted key a file may hold, but for those of commands' keys."""


def read_config_file(path: Path) -> dict[str, Any]:
    """Read one file.

    Returns:
        Dotted key → value, for the keys that are there; labels as a tuple of `Label`. Nothing
        when there is no such file.

    Raises:
        UsageError: it is not TOML, or says something that cannot be.
    """
    try:
        content = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}", hint="correct it") from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    return _flat(_validated(content, f"{path}: "))


def check_value(key: str, value: object, origin: str) -> Any:
    """Check one value that does not come from a file.

    Args:
        key: dotted, one of `KEYS`.
        value: as a file would hold it; labels may be a list of names.
        origin: the flag or variable it comes from, named in an error.

    Raises:
        UsageError: it cannot be.
    """
    section, name = key.split(".")
    return _flat(_validated({section: {name: value}}, f"{origin}: ", key))[key]


def _validated(content: Mapping[str, Any], prefix: str, key: str | None = None) -> _File:
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        raise _explained(error, prefix, key) from error


def _flat(file: _File) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for section_name in file.model_fields_set - {"keys"}:
        section = getattr(file, section_name)
        for key in section.model_fields_set:
            values[f"{section_name}.{key}"] = getattr(section, key)
    values |= {f"keys.{command}": keys for command, keys in file.keys.items()}
    if "task.labels" in values:
        values["task.labels"] = tuple(
            Label(label.name, label.definition) for label in values["task.labels"]
        )
    return values


def _explained(error: ValidationError, prefix: str, key: str | None) -> UsageError:
    """Say in one sentence where the first error is and what it is."""
    first, *others = error.errors()
    if first["type"] == "extra_forbidden":
        place = _dotted(first["loc"])
        known = f"the keys are {', '.join(sorted(KEYS))} and, in [keys], the commands"
        return UsageError(f"{prefix}{place}: there is no such key", hint=known)
    place = "" if key else f"{_dotted(first['loc'])}: "
    reason = first["msg"].removeprefix("Value error, ")
    reason = f"{reason[0].lower()}{reason[1:]}"
    if first["type"] != "value_error" and isinstance(first["input"], str | int | float):
        reason += f", not {first['input']!r}"
    more = f" (and {len(others)} more)" if others else ""
    return UsageError(f"{prefix}{place}{reason}{more}", hint="correct it")


def _dotted(path: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")
