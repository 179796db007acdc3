"""How well the annotator's labels foretell one another, and those of the check examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neufs_tui.core.records import ExampleId


@dataclass(frozen=True, slots=True)
class Estimated:
    """What was learned from the labels by what the model holds of their texts, without a prompt."""

    revision: int
    """Length of the journal whose labels these are."""
    n_foretold: int
    """Of the labels that were learned from, how many the others foretell."""
    n_learned: int
    """Labels that were learned from."""
    checks: Mapping[ExampleId, str]
    """Check example that is labelled and scanned → the label that those foretell."""
