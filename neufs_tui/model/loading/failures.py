"""Whatever libraries raise while a model is loaded, as one sentence and a hint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from neufs_tui.errors import ModelError, NeufsError, first_line
from neufs_tui.model.loading.checkpoint import find_damage

logger = logging.getLogger(__name__)


@contextmanager
def told_of(
    doing: str, name: str, *, folder: Path | None = None, is_on_hub: bool = False
) -> Iterator[None]:
    """Turn every exception into a ModelError that says what was being done; the log has the rest.

    Args:
        doing: such as `reading the weights of`.
        name: the model, as the user named it.
        folder: where its files lie, if they can be searched for the cause.
        is_on_hub: whether the hub is asked for them.
    """
    try:
        yield
    except NeufsError:
        raise
    except Exception as error:
        logger.exception("%s %s failed", doing, name)
        known = _by_kind(name, error) or (find_damage(folder) if folder else None)
        if known is None:
            hint = _hint(error, is_on_hub=is_on_hub)
            known = ModelError(f"{doing} {name} failed: {first_line(error)}", hint=hint)
        raise known from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, on the device or on the host."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return "out of memory" in text or "can't allocate memory" in text


def _hint(error: Exception, *, is_on_hub: bool) -> str:
    if "No space left" in str(error):
        return "make room on the disk"
    if isinstance(error, PermissionError):
        return "see that it may be read and written"
    if is_on_hub and isinstance(error, OSError):
        return "check the connection to the hub"
    return "check that its files are complete and belong together"


def _by_kind(name: str, error: Exception) -> ModelError | None:
    """What the exception alone tells."""
    if "trust_remote_code" in str(error):
        return ModelError(
            f"{name} comes with code of its own, which is not run unless you say so",
            hint="read that code, then add --trust-remote-code",
        )
    if isinstance(error, ImportError):
        return ModelError(
            f"the model {name} needs a package that is not here: {first_line(error)}",
            hint="install it beside neufs-tui, into the same environment",
        )
    if is_out_of_memory(error):
        return ModelError(
            f"the model {name} does not fit into the memory: {first_line(error)}",
            hint="free some, or try --dtype bfloat16, --device-map auto or a smaller model",
        )
    return None
