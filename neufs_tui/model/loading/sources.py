"""What a model's name leads to: an embedded model, a GGUF file, a folder or the hub.

An adapter leads on to its base, which is found in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from neufs_tui.core.settings import NO_ADAPTER, ModelChoice
from neufs_tui.errors import ModelError
from neufs_tui.model.loading.adapter_files import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    find_base,
    read_adapter_config,
)
from neufs_tui.model.loading.catalogue import EMBEDDED
from neufs_tui.model.loading.checkpoint import WEIGHT_NAMES
from neufs_tui.model.loading.embedded import fetch
from neufs_tui.model.loading.fingerprint import Digests, adapter_files, read_files
from neufs_tui.model.loading.gguf_files import convert
from neufs_tui.model.loading.hub import ELSE, fetch_files, holds, snapshot
from neufs_tui.model.loading.listener import LoadListener

_ADAPTER_TEXTS = (
    ADAPTER_CONFIG,
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"),
    *("vocab.*", "merges.txt", "*.tiktoken", "spiece.model", "additional_chat_templates/*"),
)
"""An adapter's configuration and tokenizer on the hub, which are small."""
_NAME_ONE = "name a folder written by save_pretrained, a GGUF file or a hub id"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model is read from."""

    name: str
    """As the user named it; of an adapter's base, as the adapter did."""
    location: str
    """What `from_pretrained` is given: a folder, or a hub id."""
    folder: Path
    """Where its files lie; those of a hub id as far as they have been fetched."""
    commit: str | None = None
    """The commit of a hub id, so that every file is of the same; None for a folder."""
    has_weights: bool = True
    """It is a whole model."""
    has_adapter: bool = False
    """It is an adapter, or one lies beside its weights."""
    adapter: Source | None = None
    """What is put on it; its own files lie in its folder."""

    @property
    def is_on_hub(self) -> bool:
        """Whether the hub is asked for its files."""
        return self.commit is not None

    @property
    def files(self) -> list[Path]:
        """Every file that it is read from, as far as it is here; those of its adapter come last."""
        put_on = adapter_files(self.adapter.folder) if self.adapter is not None else []
        return [*read_files(self.folder), *put_on]


_Find = Callable[[str, str | None], Source]


def find_source(
    choice: ModelChoice, models_dir: Path, digests: Digests, listener: LoadListener
) -> Source:
    """Find what a model's name leads to, fetching or converting it where it has to be.

    Args:
        choice: which model, and what is put on it.
        models_dir: where converted models are kept.
        digests: what is known of files.
        listener: hears each stage.

    Returns:
        A whole model, with the adapter that is to be put on it.

    Raises:
        ModelError: it leads nowhere, or to an adapter whose base cannot be found, or leaves open
            whether an adapter is to be put on it.
    """

    def find(name: str, revision: str | None) -> Source:
        if name in EMBEDDED:
            return _local(name, fetch(EMBEDDED[name], models_dir, listener))
        path = Path(name).expanduser()
        if path.suffix.lower() == ".gguf":
            if not path.is_file():
                raise ModelError(f"there is no GGUF file {name}", hint="check the path")
            return _local(name, convert(path, models_dir, digests, listener))
        return _find_folder(name, revision, listener)

    found = find(choice.name, None)
    if choice.adapter not in (None, NO_ADAPTER):
        return _put_together(found, _find_folder(choice.adapter, None, listener))
    if not found.has_weights:
        return _on_own_base(found, find, is_wanted=choice.adapter is None)
    if found.has_adapter and choice.adapter is None:
        raise ModelError(
            f"{found.name} holds full weights and an adapter ({ADAPTER_CONFIG}) beside them",
            hint=f"say which is meant: --adapter {NO_ADAPTER} reads the weights alone, --adapter "
            f"{found.name} puts the adapter on them",
        )
    return found


def fetch_weights(adapter: Source) -> None:
    """Fetch an adapter's weights where they are on the hub.

    Raises:
        ModelError: the hub does not give them.
    """
    if adapter.commit is not None:
        wanted = [one for one in ADAPTER_WEIGHTS if holds(adapter.name, one, adapter.commit)]
        fetch_files(adapter.name, adapter.commit, wanted[:1])


def _find_folder(name: str, revision: str | None, listener: LoadListener) -> Source:
    """A folder, here or of the hub."""
    path = Path(name).expanduser()
    if path.is_dir():
        return _local(name, path)
    if path.exists():
        raise ModelError(f"{name} is neither a folder nor a GGUF file", hint=_NAME_ONE)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(f"there is no folder {name}", hint="check the path")
    listener.stage("download", f"asking the hub for {name}")
    return _on_hub(name, revision)


def _local(name: str, folder: Path) -> Source:
    has_adapter = (folder / ADAPTER_CONFIG).is_file()
    has_config = (folder / "config.json").is_file()
    if not has_config and not has_adapter:
        several = sorted(file.parent.name for file in folder.glob(f"*/{ADAPTER_CONFIG}"))
        if several:
            raise ModelError(
                f"the folder {name} holds adapters in folders of their own: {', '.join(several)}",
                hint=f"name one of them, such as {folder / several[0]}",
            )
        raise ModelError(f"the folder {name} holds no config.json", hint=_NAME_ONE)
    # Some training saves the base's config.json beside an adapter alone
    is_whole = not has_adapter or any((folder / one).is_file() for one in WEIGHT_NAMES)
    return Source(
        name=name,
        location=str(folder),
        folder=folder,
        has_weights=has_config and is_whole,
        has_adapter=has_adapter,
    )


def _on_hub(name: str, revision: str | None) -> Source:
    folder = snapshot(name, revision)
    commit = folder.name
    has_adapter = holds(name, ADAPTER_CONFIG, commit)
    return Source(
        name=name,
        location=name,
        folder=folder,
        commit=commit,
        has_weights=not has_adapter or any(holds(name, one, commit) for one in WEIGHT_NAMES),
        has_adapter=has_adapter,
    )


def _put_together(base: Source, adapter: Source) -> Source:
    """A base with an adapter, each named by the user."""
    if not base.has_weights:
        raise ModelError(
            f"{base.name} is an adapter itself, and only one can be put on a model",
            hint=f"name a whole model: --model BASE --adapter {adapter.name}",
        )
    if not adapter.has_adapter:
        raise ModelError(
            f"{adapter.name} holds no adapter: it has no {ADAPTER_CONFIG}",
            hint="name a folder or hub id that peft's save_pretrained has written",
        )
    adapter = _with_texts(adapter)
    read_adapter_config(adapter.name, adapter.folder)
    return replace(base, adapter=adapter)


def _on_own_base(adapter: Source, find: _Find, *, is_wanted: bool) -> Source:
    """An adapter on the base that it names itself."""
    adapter = _with_texts(adapter)
    said = read_adapter_config(adapter.name, adapter.folder)
    otherwise = f"name its base with --model BASE --adapter {adapter.name}"
    if not is_wanted:
        raise ModelError(
            f"{adapter.name} is an adapter without a model, of which nothing is left with "
            f"--adapter {NO_ADAPTER}",
            hint=f"name its base, {said.base or 'the model it was trained on'}, with --model",
        )
    if not said.base:
        raise ModelError(
            f"the adapter {adapter.name} does not say which model it was trained on: its "
            f"{ADAPTER_CONFIG} has no base_model_name_or_path",
            hint=otherwise,
        )
    try:
        base = find(find_base(said.base, adapter.folder), said.revision)
    except ModelError as error:
        raise ModelError(
            f"the base of the adapter {adapter.name} cannot be read: {error.message}",
            hint=f"{error.hint.removesuffix(f', {ELSE}')}, or {otherwise}",
        ) from error
    if base.has_adapter:
        raise ModelError(
            f"the base of the adapter {adapter.name}, {base.name}, holds an adapter too",
            hint=otherwise,
        )
    return replace(base, adapter=adapter)


def _with_texts(adapter: Source) -> Source:
    """An adapter whose configuration and tokenizer lie in its folder."""
    if adapter.commit is not None:
        fetch_files(adapter.name, adapter.commit, _ADAPTER_TEXTS)
    return replace(adapter, location=str(adapter.folder))
