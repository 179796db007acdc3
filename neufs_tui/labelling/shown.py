"""What the annotator has before her: an example, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from neufs_tui.core.records import Example, Pick


@dataclass(frozen=True, slots=True)
class Shown:
    """An example before the annotator."""

    example: Example
    pick: Pick | None
    """Why; None when it was named by id."""
    again: bool = False
    """It is labelled, and asked again."""


class Waiting(Enum):
    """Why nothing is shown."""

    LOADING = auto()
    CHOOSING = auto()
    """The next ranking is on its way."""
    SCANNING = auto()
    """Every scanned example is decided, and the scan goes on."""
    FINISHED = auto()
    """Every example of the pool is decided."""
