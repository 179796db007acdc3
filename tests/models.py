"""Models ready for forward passes, and a listener that remembers what loading them said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neufs_tui.core.settings import ModelChoice
from neufs_tui.model.families.architecture import Architecture
from neufs_tui.model.families.ffns import SingleFfn
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.listener import LoadListener
from neufs_tui.model.loading.pretrained import load_model
from tests.tiny import save_tiny_model


class Listener:
    """Remembers what loading said."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str]] = []
        self.bytes: list[tuple[int, int]] = []

    def stage(self, name: str, detail: str) -> None:
        self.stages.append((name, detail))

    def downloaded(self, done: int, total: int) -> None:
        self.bytes.append((done, total))


def load(
    name: Path | str,
    models_dir: Path | None = None,
    listener: LoadListener | None = None,
    **more: Any,
) -> LoadedModel:
    """Load a model in float32 on the CPU, unless more is said."""
    choice = ModelChoice(str(name), **{"device": "cpu", "dtype": "float32", **more})
    return load_model(choice, models_dir or Path(name, "models"), listener or Listener())


def load_tiny(folder: Path, family: str, window: int = 256) -> LoadedModel:
    """Make a tiny model and load it."""
    return load(save_tiny_model(folder, family, window))


def only_ffns(architecture: Architecture) -> list[SingleFfn]:
    """The FFN of each layer of a model whose layers have one."""
    found = [ffn for (ffn,) in architecture.ffns if isinstance(ffn, SingleFfn)]
    assert len(found) == architecture.n_layers
    return found
