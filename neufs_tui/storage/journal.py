"""The journal's meaning: what holds after a sequence of events. Pure; nothing is stored here.

Events are only ever appended. A decision on an example replaces the earlier one and takes its
place at the end of the order, unless it was changed in place; undoing it brings the earlier one
back where it was. What was done at once, as a page of decisions, is undone and redone at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId, Mark, MarkKind
from neufs_tui.core.repeats import Repeat


class EventKind(StrEnum):
    """What an event of the journal says."""

    LABEL = "label"
    SKIP = "skip"
    ACCEPT = "accept"
    FLAG = "flag"
    UNFLAG = "unflag"
    NOTE = "note"
    OFFER = "offer"
    AGAIN = "again"
    UNDO = "undo"
    """What was done last and stands is taken back."""
    REDO = "redo"
    """What was taken back last stands again."""


_DECISIONS = frozenset({EventKind.LABEL, EventKind.SKIP, EventKind.ACCEPT})


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One line of the journal."""

    seq: int
    """Place in the journal, counted from 1."""
    kind: EventKind
    example_id: ExampleId
    """The example it is about; of undo and redo that of the event taken back or standing again."""
    answer: Answer | None = None
    """None unless the kind is `label`, `accept` or `again`."""
    check: bool = False
    """A decision on a check example."""
    hunted: bool = False
    """A decision on an example that was looked for by its likely label."""
    page: int | None = None
    """The first line of the page it was made with, or that it takes back or brings back; None for
    one made alone."""
    place: int | None = None
    """The line whose place in the order a decision has; None for its own."""
    note: str = ""
    """Of a note, what it says; empty takes the note away."""
    given: str = ""
    """Where a label was given, if that was elsewhere: a file's name, or a field of the pool."""

    @classmethod
    def of(
        cls, seq: int, one: Decision | Mark, page: int | None = None, place: int | None = None
    ) -> JournalEvent:
        """The line that says that something was done."""
        kind = EventKind(one.kind)
        if isinstance(one, Mark):
            return cls(seq, kind, one.example_id, one.answer, page=page, note=one.note)
        done = (one.example_id, one.answer, one.check, one.hunted)
        return cls(seq, kind, *done, page, place, given=one.given)

    @property
    def is_decision(self) -> bool:
        """Whether it decides on an example."""
        return self.kind in _DECISIONS

    @property
    def order(self) -> int:
        """The line whose place in the order it has."""
        return self.seq if self.place is None else self.place

    def decision(self, *, flagged: bool = False) -> Decision:
        """The decision made; only of an event that is one.

        Args:
            flagged: whether its example is.
        """
        done = (self.example_id, DecisionKind(self.kind), self.answer, self.check, self.hunted)
        return Decision(*done, flagged, self.given)

    @property
    def done(self) -> Decision | Mark:
        """What was done; events of undo and redo did nothing of their own."""
        if self.is_decision:
            return self.decision()
        return Mark(self.example_id, MarkKind(self.kind), self.note, self.answer)


@dataclass(frozen=True, slots=True)
class JournalState:
    """What the journal amounts to."""

    made: tuple[JournalEvent, ...] = ()
    """What was done and not undone, in that order, decisions that were replaced included."""
    undone: tuple[JournalEvent, ...] = ()
    """What can be redone, the next one last."""
    revision: int = 0
    """Number of events."""

    def holding(self) -> tuple[JournalEvent, ...]:
        """The decision that holds for each decided example, in their order."""
        latest: dict[ExampleId, JournalEvent] = {}
        for event in self.made:
            if event.kind is EventKind.OFFER:
                latest.pop(event.example_id, None)
            elif event.is_decision:
                if event.place is None:
                    latest.pop(event.example_id, None)
                latest[event.example_id] = event
        return tuple(latest.values())

    def flagged(self) -> frozenset[ExampleId]:
        """The examples that are flagged."""
        flags = {
            event.example_id: event.kind is EventKind.FLAG
            for event in self.made
            if event.kind in (EventKind.FLAG, EventKind.UNFLAG)
        }
        return frozenset(one for one, is_flagged in flags.items() if is_flagged)

    def notes(self) -> Mapping[ExampleId, str]:
        """What is written of examples; those without a note are not among them."""
        notes = {
            event.example_id: event.note for event in self.made if event.kind is EventKind.NOTE
        }
        return {one: note for one, note in notes.items() if note}

    def repeats(self) -> tuple[Repeat, ...]:
        """What was asked again, each with the label that it had then."""
        latest: dict[ExampleId, Answer | None] = {}
        found = []
        for event in self.made:
            if event.is_decision:
                latest[event.example_id] = event.answer
            elif event.kind is EventKind.AGAIN:
                found.append(Repeat(event.example_id, latest.get(event.example_id), event.answer))
        return tuple(found)

    def decisions(self) -> tuple[Decision, ...]:
        """The decisions that hold, in their order."""
        flagged = self.flagged()
        return tuple(one.decision(flagged=one.example_id in flagged) for one in self.holding())


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
    """Take what was done last off one stack and put it on another, reversed."""
    moved = last_made(from_)
    to.extend(reversed(moved))
    del from_[len(from_) - len(moved) :]


def labels_of(decisions: Iterable[Decision]) -> set[str]:
    """The labels that decisions use."""
    return {name for one in decisions if one.answer for name in one.answer.labels}
