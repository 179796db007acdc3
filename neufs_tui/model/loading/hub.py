"""The hub: a model's files at one commit, and what is said when it does not give them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import (
    file_exists,
    hf_hub_download,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from neufs_tui.errors import ModelError, first_line
from neufs_tui.model.loading.adapter_files import ADAPTER_CONFIG

logger = logging.getLogger(__name__)

ELSE = "or name a local folder, a GGUF file or smollm2-135m"
"""How the hints end that say what else a model may be."""


def snapshot(name: str, revision: str | None) -> Path:
    """The folder of a hub id's files at one commit, with its configuration or an adapter's.

    Args:
        name: the hub id.
        revision: commit, branch or tag; None for the newest commit, or the one in the hub's cache
            while the hub is silent.

    Raises:
        ModelError: the hub does not give it.
    """
    try:
        try:
            first = hf_hub_download(name, "config.json", revision=revision)
        except EntryNotFoundError:
            if not holds(name, ADAPTER_CONFIG, revision):
                raise
            first = hf_hub_download(name, ADAPTER_CONFIG, revision=revision)
    except Exception as error:  # those of the HTTP library under it too
        logger.exception("the hub does not give %s", name)
        raise _hub_error(name, revision, error) from error
    return Path(first).parent


def holds(name: str, file: str, revision: str | None) -> bool:
    """Whether a file comes with a hub id; not, while the hub is silent and it is not here."""
    cached = try_to_load_from_cache(name, file, revision=revision)
    if cached is not None:
        return isinstance(cached, str)
    try:
        return file_exists(name, file, revision=revision)
    except Exception as error:  # those of the HTTP library under it too
        logger.warning("whether %s has %s is not known: %s", name, file, error)
        return False


def fetch_files(name: str, commit: str, patterns: Sequence[str]) -> None:
    """Fetch those of a hub id's files that are there; while the hub is silent, they are as cached.

    Args:
        name: the hub id.
        commit: of all its files.
        patterns: names of files, with `*` for any part.

    Raises:
        ModelError: the hub does not give them.
    """
    try:
        snapshot_download(name, revision=commit, allow_patterns=[*patterns])
    except Exception as error:  # those of the HTTP library under it too
        logger.exception("the hub does not give all of %s", name)
        raise _hub_error(name, commit, error) from error


def _hub_error(name: str, revision: str | None, error: Exception) -> ModelError:
    if isinstance(error, HFValidationError):
        return ModelError(
            f"{name!r} is neither a folder here nor a name that the hub could have",
            hint=f"check the name, {ELSE}",
        )
    if isinstance(error, GatedRepoError):
        return ModelError(
            f"the model {name} is gated: the hub gives it to those whom its owner lets in",
            hint=f"ask for access at https://huggingface.co/{name}, then log in with "
            "`hf auth login`",
        )
    if isinstance(error, RevisionNotFoundError):
        return ModelError(
            f"the model {name} on the hub has no revision {revision}",
            hint=f"check the revision, {ELSE}",
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelError(
            f"there is no model {name} on the hub, or it is private",
            hint=f"check the name, log in with `hf auth login` if it is private, {ELSE}",
        )
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return ModelError(
            f"the model {name} on the hub holds no config.json",
            hint=f"name one in the format of transformers, {ELSE}",
        )
    if isinstance(error, LocalEntryNotFoundError):
        return ModelError(
            f"the hub cannot be reached, and {name} is not in its cache here",
            hint=f"check the connection to the hub (and HF_HUB_OFFLINE), {ELSE}",
        )
    return ModelError(
        f"the hub does not give {name}: {first_line(error)}",
        hint=f"try again later, {ELSE}",
    )
