"""What an adapter's files say: its kind, its base, and whether they are whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neufs_tui.errors import ModelError
from neufs_tui.model.loading.catalogue import EMBEDDED, folder_name
from neufs_tui.model.loading.checkpoint import check_weights, json_object, refuse_lfs_pointer

ADAPTER_CONFIG = "adapter_config.json"
"""What tells that a folder or a hub id holds an adapter."""
ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
"""What peft looks for, in this order."""
_ADD_TOKENS = {
    "PROMPT_TUNING",
    "MULTITASK_PROMPT_TUNING",
    "P_TUNING",
    "PREFIX_TUNING",
    "ADAPTION_PROMPT",
    "CPT",
    "CARTRIDGE",
}
"""Kinds that put virtual tokens in front of a prompt, which have no place in what is read."""
_MIX = {"XLORA", "POLY"}
"""Kinds that weigh several adapters anew for each text, so that no weights have them merged."""
_MERGEABLE = "use an adapter that peft can merge into the weights, such as LoRA"


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """What an adapter says of itself."""

    kind: str
    """As peft calls it, such as `LORA`."""
    base: str
    """Name or path of the model it was trained on; empty where it does not say."""
    revision: str | None
    """Commit, branch or tag of the base, if that is of the hub."""


def read_adapter_config(name: str, folder: Path) -> AdapterConfig:
    """What the configuration of an adapter says.

    Args:
        name: the adapter, as the user named it.
        folder: where its files lie.

    Raises:
        ModelError: it cannot be read, is not peft's, or of a kind that cannot be merged.
    """
    file = folder / ADAPTER_CONFIG
    refuse_lfs_pointer(file)
    said = json_object(file)
    kind, task = said.get("peft_type"), said.get("task_type")
    if not isinstance(kind, str):
        raise ModelError(
            f"{file} names no peft_type, so peft has not written it",
            hint="save the adapter with peft, or merge it into its base and name that folder",
        )
    if kind in _ADD_TOKENS:
        raise ModelError(
            f"the adapter {name} puts virtual tokens in front of the prompt ({kind}), which are "
            "not read",
            hint=_MERGEABLE,
        )
    if kind in _MIX:
        raise ModelError(
            f"the adapter {name} mixes several adapters anew for each text ({kind})",
            hint=_MERGEABLE,
        )
    if task not in (None, "CAUSAL_LM"):
        raise ModelError(
            f"the adapter {name} was trained for the task {task}, not to continue text",
            hint="use one that was trained for CAUSAL_LM",
        )
    base, revision = said.get("base_model_name_or_path"), said.get("revision")
    return AdapterConfig(
        kind,
        base if isinstance(base, str) else "",
        revision if isinstance(revision, str) and revision else None,
    )


def find_base(said: str, folder: Path) -> str:
    """The name of an adapter's base as `--model` would take it.

    Args:
        said: what the adapter says.
        folder: where the adapter's files lie; a relative path is looked for from there first, then
            from where one stands.

    Returns:
        A short name, the path of a model that is there, or what was said.
    """
    path = Path(said).expanduser()
    for place in ((folder / path).resolve(), path):
        if (place / "config.json").is_file() or (
            place.suffix.lower() == ".gguf" and place.is_file()
        ):
            return str(place)
    # The folder of an embedded model, trained on in another cache
    converted = {folder_name(model): name for name, model in EMBEDDED.items()}
    return converted.get(path.name, said)


def adapter_weights(name: str, folder: Path) -> Path:
    """The file with an adapter's weights, which is whole as far as one can see.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    for weights in ADAPTER_WEIGHTS:
        file = folder / weights
        if file.is_file():
            refuse_lfs_pointer(file)
            check_weights(file)
            return file
    raise ModelError(
        f"the adapter {name} has no weights: there is no {ADAPTER_WEIGHTS[0]} in {folder}",
        hint="copy or fetch its files again",
    )
