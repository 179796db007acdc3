"""A model in memory, as everything that reads with it takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from neufs_tui.model.families.architecture import Architecture
from neufs_tui.model.ways import Ways

TRUSTED = "an unknown family, trusted by its self-check"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready for forward passes, and what identifies it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    architecture: Architecture
    name: str
    """As the user named it."""
    device: str
    dtype: str
    fingerprint: str
    """Digest of every file it is read from, and the dtype."""
    files: tuple[Path, ...]
    """Every file it is read from."""
    context_window: int
    """Positions the model was made for."""
    pad_id: int
    """The token that fills short rows; which one does not matter where masks are right."""
    ways: Ways
    """How prompts and candidates may be read."""
    adapter: str | None = None
    """The adapter that was named beside it, or `none`; None where nobody named one."""
    base: str | None = None
    """What an adapter was put on, where it named that itself; None where it did not."""

    @property
    def trusted(self) -> bool:
        """Whether its family is not known: its FFNs were found by their looks."""
        return self.architecture.proposed is not None

    @property
    def reading(self) -> str:
        """How it is read, for the log and the scan's heading."""
        return f"{self.ways}, {TRUSTED}" if self.trusted else str(self.ways)
