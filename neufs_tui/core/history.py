"""What happened in a session, event by event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neufs_tui.core.records import Answer, Example


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One line of the journal, with what was known when it was written."""

    seq: int
    """Place in the journal, counted from 1."""
    kind: Literal[
        "label", "skip", "accept", "flag", "unflag", "note", "offer", "again", "undo", "redo"
    ]
    example: Example
    """The example it is about; of `undo` and `redo` the one whose event is taken back or stands
    again."""
    answer: Answer | None
    """What it was given; None unless the kind is `label`, `accept` or `again`."""
    at: str
    """ISO 8601, UTC."""
    seconds: float | None
    """From its paint to the key; None when unknown."""
    model_answer: str | None
    """The model's answer from before; None when it had none."""
    looked: bool
    """The annotator had the model's answer shown first."""
    shown: bool
    """It was put before the annotator, not named by id."""
    chosen_by: str | None = None
    """The strategy that put it there, `draw`, `check` or `hunt`; None when that is not known."""
    check: bool = False
    """A decision on a check example."""
    hunted: bool = False
    """A decision on an example that was looked for by its likely label."""
    page: int | None = None
    """The first line of the page that it was made with, or that it takes back or brings back; None
    for one made alone."""
    place: int | None = None
    """The line whose place in the order a decision changed in place has; None for all others."""
    note: str = ""
    """What was written, where the kind is `note`."""
    given: str = ""
    """Where a label was given, if that was elsewhere: a file's name, or a field of the pool."""
