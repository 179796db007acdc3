"""Configuration: flags over environment, `neufs.toml`, session, the user's file and defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.errors import UsageError
from neufs_tui.project.config_file import KEYS, check_value, read_config_file
from neufs_tui.storage.paths import project_config_path, user_config_path

DEFAULT = "default"
"""Origin of a value that nobody has set."""
SESSION = "session"
"""Origin of a value that a session was last used with."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None and empty mean: not said."""

    labels: tuple[str, ...] = ()
    model: str | None = None
    device: str | None = None
    device_map: str | None = None
    dtype: str | None = None
    trust_remote_code: bool | None = None
    trust_self_check: bool | None = None
    adapter: str | None = None
    shots: int | None = None
    tau: float | None = None
    seed: int | None = None
    rescore: str | None = None
    difficulty: str | None = None
    strategy: str | None = None
    calibration: bool | None = None
    balance: bool | None = None
    check: int | None = None
    again: int | None = None
    test: str | None = None
    gold: str | None = None
    text_field: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What holds for one pool, and who said so."""

    task: Task | None
    """None when nobody said what the labels are."""
    model: ModelChoice
    selection: SelectionSettings
    text_field: str | None
    """Field that holds the text; None looks for the usual ones."""
    encoding: str | None
    """Encoding of the pool; None finds it out."""
    guidelines: str
    """What the annotator goes by, in Markdown; empty for none."""
    keys: Mapping[str, str]
    """Command of the screen → its keys, separated by commas, as they were said."""
    origins: Mapping[str, str]
    """Dotted key → `default`, `config.toml`, `session`, `neufs.toml`, `--model`, …"""


def load_config(
    source: str,
    overrides: Overrides,
    *,
    remembered: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Put together what is said about a pool.

    Args:
        source: path of the pool, or `-`; `neufs.toml` is looked for beside it.
        overrides: what the command line says.
        remembered: dotted key → value that the session was last used with; None without one.
        environ: the environment; None is the process's own.

    Raises:
        UsageError: a file, a variable or a flag says something that cannot be.
    """
    user, project = user_config_path(), project_config_path(source)
    layers = [
        _from(user.name, read_config_file(user)),
        _from(SESSION, remembered or {}),
        _from(project.name, read_config_file(project)),
        _environment(os.environ if environ is None else environ),
    ]
    said = _laid_over([*layers, _flags(overrides, _laid_over(layers))])
    folders = {user.name: user.parent, project.name: project.parent}
    said |= _placed_test(said, folders)
    origins = dict.fromkeys(KEYS, DEFAULT) | {key: origin for key, (_, origin) in said.items()}
    values = {key: value for key, (value, _) in said.items()}
    return Config(
        task=_task(values),
        model=ModelChoice(**_section("model", values)),
        selection=SelectionSettings(**_section("selection", values)),
        text_field=values.get("pool.text_field"),
        encoding=values.get("pool.encoding"),
        guidelines=_guidelines(said, folders),
        keys=MappingProxyType(_section("keys", values)),
        origins=MappingProxyType(dict(sorted(origins.items()))),
    )


_MARKDOWN = (".md", ".markdown")
"""How the name of a file with guidelines ends."""

_Said = dict[str, tuple[Any, str]]
"""Dotted key → value and origin."""


def _switch(text: str) -> bool | str:
    """On or off, as variables are used to say it; anything else is refused where it is checked."""
    said = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
    return said.get(text.lower(), text)


_VARIABLES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "NEUFS_MODEL": ("model.name", str),
    "NEUFS_DEVICE": ("model.device", str),
    "NEUFS_DEVICE_MAP": ("model.device_map", str),
    "NEUFS_DTYPE": ("model.dtype", str),
    "NEUFS_ADAPTER": ("model.adapter", str),
    "NEUFS_SHOTS": ("selection.shots", int),
    "NEUFS_TAU": ("selection.tau", float),
    "NEUFS_SEED": ("selection.seed", int),
    "NEUFS_RESCORE": ("selection.rescore", str),
    "NEUFS_DIFFICULTY": ("selection.difficulty", str),
    "NEUFS_STRATEGY": ("selection.strategy", str),
    "NEUFS_CALIBRATION": ("selection.calibration", _switch),
    "NEUFS_BALANCE": ("selection.balance", _switch),
    "NEUFS_CHECK": ("selection.check", int),
    "NEUFS_AGAIN": ("selection.again", int),
    "NEUFS_TEST": ("selection.test", str),
    "NEUFS_GOLD": ("selection.gold", str),
    "NEUFS_ENCODING": ("pool.encoding", str),
}
_FLAGS = {
    "model.name": "model",
    "model.device": "device",
    "model.device_map": "device_map",
    "model.dtype": "dtype",
    "model.adapter": "adapter",
    "selection.shots": "shots",
    "selection.tau": "tau",
    "selection.seed": "seed",
    "selection.rescore": "rescore",
    "selection.difficulty": "difficulty",
    "selection.strategy": "strategy",
    "selection.calibration": "calibration",
    "selection.balance": "balance",
    "selection.check": "check",
    "selection.again": "again",
    "selection.test": "test",
    "selection.gold": "gold",
    "pool.text_field": "text_field",
    "pool.encoding": "encoding",
}


def _from(origin: str, values: Mapping[str, Any]) -> _Said:
    return {key: (value, origin) for key, value in values.items()}


def _laid_over(layers: Sequence[_Said]) -> _Said:
    """All layers, an upper one over a lower one.

    An adapter that was said with a model is not put on another, which an upper layer names alone.
    """
    said: _Said = {}
    for layer in layers:
        said |= layer
    for layer in reversed(layers):
        if "model.adapter" in layer:
            if "model.name" in layer and layer["model.name"][0] != said["model.name"][0]:
                del said["model.adapter"]
            break
    return said


def _environment(environ: Mapping[str, str]) -> _Said:
    said: _Said = {}
    for variable, (key, parse) in _VARIABLES.items():
        if not (text := environ.get(variable, "")):
            continue
        try:
            value = parse(text)
        except ValueError as error:
            raise UsageError(
                f"{variable} is not a number: {text!r}",
                hint=f"set it to a number or unset {variable}",
            ) from error
        said[key] = (check_value(key, value, variable), variable)
    return said


def _placed_test(said: _Said, folders: Mapping[str, Path]) -> _Said:
    """The test's path, as it is wherever the session is opened: a file's is from its own folder.

    Raises:
        UsageError: there is to be a check set too.
    """
    test, origin = said.get("selection.test", ("", DEFAULT))
    if not test:
        return {}
    n_checks, other = said.get("selection.check", (0, DEFAULT))
    if n_checks:
        raise UsageError(
            f"a test file ({origin}) and a check set ({other}) exclude each other",
            hint="leave one of them out: --test '' or --check 0 says so",
        )
    return {"selection.test": (str((folders.get(origin, Path()) / test).absolute()), origin)}


def _guidelines(said: _Said, folders: Mapping[str, Path]) -> str:
    """The guidelines themselves, where a file is named its content.

    Raises:
        UsageError: it cannot be read.
    """
    text: str
    text, origin = said.get("task.guidelines", ("", DEFAULT))
    if "\n" in text.strip() or not text.strip().lower().endswith(_MARKDOWN):
        return text
    path = folders.get(origin, Path()) / text.strip()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{origin}: task.guidelines: {path} cannot be read: {error}",
            hint="name a Markdown file beside it, or write the guidelines there",
        ) from error


def _flags(overrides: Overrides, below: _Said) -> _Said:
    said: _Said = {}
    for key, name in _FLAGS.items():
        value = getattr(overrides, name)
        if value is not None:
            flag = f"--{name.replace('_', '-')}"
            said[key] = (check_value(key, value, flag), flag)
    if overrides.labels:
        labels = check_value("task.labels", [*overrides.labels], "--label")
        said["task.labels"] = (_defined(labels, below), "--label")
    if overrides.trust_remote_code:
        said["model.trust_remote_code"] = (True, "--trust-remote-code")
    if overrides.trust_self_check:
        said["model.trust_self_check"] = (True, "--trust-self-check")
    return said


def _defined(labels: tuple[Label, ...], below: _Said) -> tuple[Label, ...]:
    """A flag names labels alone: they take the definition that a lower layer gives the name."""
    known, _ = below.get("task.labels", ((), DEFAULT))
    definitions = {label.name: label.definition for label in known}
    return tuple(replace(label, definition=definitions.get(label.name, "")) for label in labels)


def _task(values: Mapping[str, Any]) -> Task | None:
    texts = _section("task", values)
    for not_asked in ("kind", "guidelines"):
        texts.pop(not_asked, None)
    return Task(**texts) if "labels" in texts else None


def _section(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{name}."
    return {key.removeprefix(prefix): v for key, v in values.items() if key.startswith(prefix)}
