"""What the annotator made of an example, with what was known when she did."""

from __future__ import annotations

from dataclasses import dataclass

from neufs_tui.core.records import Example, Pick


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights gave the answers, and how they were run."""

    name: str
    fingerprint: str
    """Digest of every file the model was read from, and the dtype."""
    device: str
    dtype: str


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """An example whose label holds."""

    example: Example
    label: str
    seq: int
    """Number of its event in the session's journal: a larger one was labelled later."""
    pick: Pick | None = None
    """Why it was shown; None when no ranking chose it."""
    seconds: float | None = None
    """From its paint to the key; None when unknown."""
    model: ModelIdentity | None = None
    """The model that ranked it; None when no model was loaded."""
    looked: bool = False
    """She had the model's answer shown before she gave hers."""
