"""The journal's meaning: what holds after a sequence of events. Pure; nothing is stored here.

Events are only ever appended. A decision on an example replaces the earlier one and takes its
place at the end of the order; undoing it brings the earlier one back where it was. A page of
decisions that were made at once is undone and redone at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId


class EventKind(StrEnum):
    """What an event of the journal says."""

    LABEL = "label"
    SKIP = "skip"
    ACCEPT = "accept"
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
    """None unless the kind is `label` or `accept`."""
    check: bool = False
    """A decision on a check example."""
    hunted: bool = False
    """A decision on an example that was looked for by its likely label."""
    page: int | None = None
    """The first line of the page of suggestions it was made with, or that it takes back or brings
    back; None for one made alone."""

    @classmethod
    def of(cls, seq: int, one: Decision, page: int | None = None) -> JournalEvent:
        """The line that says that a decision was made."""
        kind = EventKind(one.kind)
        return cls(seq, kind, one.example_id, one.answer, one.check, one.hunted, page)

    @property
    def decision(self) -> Decision:
        """The decision made; events of undo and redo have none."""
        kind = DecisionKind(self.kind)
        return Decision(self.example_id, kind, self.answer, self.check, self.hunted)


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
            _move_last(made, undone)
        elif event.kind is EventKind.REDO:
            _move_last(undone, made)
        else:
            made.append(event)
            undone.clear()
    return JournalState(tuple(made), tuple(undone), revision)


def last_made(stack: Sequence[JournalEvent]) -> Sequence[JournalEvent]:
    """What was made at once with the last one of a stack, in the stack's order."""
    first = len(stack) - 1
    while first > 0 and stack[first].page is not None and stack[first - 1].page == stack[-1].page:
        first -= 1
    return stack[max(0, first) :]


def _move_last(from_: list[JournalEvent], to: list[JournalEvent]) -> None:
    """Take the last decision, or page of them, off one stack and put it on another, reversed."""
    moved = last_made(from_)
    to.extend(reversed(moved))
    del from_[len(from_) - len(moved) :]


def labels_of(decisions: Iterable[Decision]) -> set[str]:
    """The labels that decisions use."""
    return {name for one in decisions if one.answer for name in one.answer.labels}
