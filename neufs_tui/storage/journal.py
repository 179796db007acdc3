"""The journal's meaning: what holds after a sequence of events. Pure; nothing is stored here.

Events are only ever appended. A decision on an example replaces the earlier one and takes its
place at the end of the order; undoing it brings the earlier one back where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId


class EventKind(StrEnum):
    """What an event of the journal says."""

    LABEL = "label"
    SKIP = "skip"
    UNDO = "undo"
    """The last decision that stands is taken back."""
    REDO = "redo"
    """The decision taken back last stands again."""


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One line of the journal."""

    seq: int
    """Place in the journal, counted from 1."""
    kind: EventKind
    example_id: ExampleId
    """The example decided, or the one whose decision is taken back or stands again."""
    answer: Answer | None = None
    """None unless the kind is `label`."""
    check: bool = False
    """A decision on a check example."""

    @property
    def decision(self) -> Decision:
        """The decision made; events of undo and redo have none."""
        return Decision(self.example_id, DecisionKind(self.kind), self.answer, self.check)


@dataclass(frozen=True, slots=True)
class JournalState:
    """What the journal amounts to."""

    made: tuple[JournalEvent, ...] = ()
    """Decisions not undone, in the order they were made, replaced ones included."""
    undone: tuple[JournalEvent, ...] = ()
    """Decisions that can be redone, the next one last."""
    revision: int = 0
    """Number of events."""

    def holding(self) -> tuple[JournalEvent, ...]:
        """The decision that holds for each decided example, in the order they were made."""
        latest: dict[ExampleId, JournalEvent] = {}
        for event in self.made:
            latest.pop(event.example_id, None)
            latest[event.example_id] = event
        return tuple(latest.values())


def fold(events: Iterable[JournalEvent], start: JournalState | None = None) -> JournalState:
    """What holds after `events`, on top of what held at the start.

    An undo with nothing to undo, and a redo with nothing to redo, change nothing.
    """
    start = start or JournalState()
    made, undone, revision = list(start.made), list(start.undone), start.revision
    for event in events:
        revision += 1
        if event.kind is EventKind.UNDO:
            if made:
                undone.append(made.pop())
        elif event.kind is EventKind.REDO:
            if undone:
                made.append(undone.pop())
        else:
            made.append(event)
            undone.clear()
    return JournalState(tuple(made), tuple(undone), revision)


def labels_of(decisions: Iterable[Decision]) -> set[str]:
    """The labels that decisions use."""
    return {name for one in decisions if one.answer for name in one.answer.labels}
