"""Failures that are reported to the user in a sentence and a hint, not crashed on."""

from __future__ import annotations


class NeufsError(Exception):
    """Base class for failures that are reported, not crashed on."""

    exit_code = 1
    """Exit status of the process: 1 failed, 2 wrong use or bad input."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep what is wrong, with the value, and one imperative sentence that helps."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(NeufsError):
    """The command, a flag or the configuration asks for something that cannot be."""

    exit_code = 2


class PoolError(NeufsError):
    """The pool cannot be read as it is."""

    exit_code = 2


class SessionError(NeufsError):
    """The session file cannot be opened, or another process writes to it."""


class NothingLeft(NeufsError):
    """There is nothing to do what was asked with: no example without a decision, nothing undone."""

    exit_code = 3


class ModelError(NeufsError):
    """The model cannot be found, loaded or used."""


class SelectionError(NeufsError):
    """The examples asked for cannot be chosen."""

    exit_code = 2


class ExportError(NeufsError):
    """The few-shot set cannot be written as asked."""


class EngineError(NeufsError):
    """The engine process stopped and could not be started again."""


def first_line(error: Exception) -> str:
    """What an exception says, without what it goes on to explain."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
