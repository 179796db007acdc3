"""The journal of one session: what is done is appended, and what holds is read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from neufs_tui.core.counts import Counts, count
from neufs_tui.core.explanation import Explanation
from neufs_tui.core.history import HistoryEvent
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    ExampleId,
    Mark,
    Pick,
)
from neufs_tui.core.repeats import Repeat
from neufs_tui.errors import SessionError
from neufs_tui.storage import session_rows
from neufs_tui.storage.journal import (
    EventKind,
    JournalEvent,
    JournalState,
    fold,
    labels_of,
    last_made,
)
from neufs_tui.storage.session_file import SessionFile
from neufs_tui.storage.stored_json import SessionSettings, settings_from_json, to_json

_Line = tuple[JournalEvent, Mapping[str, Any]]
"""A line of the journal, and what else is known when it is written."""


class KeptJournal:
    """What was done on a pool, each line on disk when the method that writes it returns."""

    def __init__(self, file: SessionFile) -> None:
        """Read the journal of an open file."""
        self._file = file
        self._labelled: dict[int, LabelledExample] = {}
        """By the number of the label's line, as far as they were read."""
        self._made: dict[tuple[int, bool], Decision] = {}
        """By the number of the decision's line and whether its example is flagged, so that the
        same decision is the same object, as `engine/wire.py` likes it."""
        events = session_rows.read_events(file.db)
        self.ever_checks = {event.example_id for event in events if event.check}
        """What was decided on as a check example, undone or not."""
        self._ever_given = {(event.given, event.example_id) for event in events if event.given}
        self._hold(fold(events))

    def settings(self) -> SessionSettings | None:
        """Task, model and selection as last used; None when never saved."""
        return settings_from_json(text) if (text := self._file.state("settings")) else None

    def save_settings(self, settings: SessionSettings) -> None:
        """Keep task, model and selection for the next time; each label remembers its task."""
        with self._file.transaction() as db:
            session_rows.keep_task(db, settings.task)
            self._file.keep_state("settings", to_json(settings))

    def revision(self) -> int:
        """Length of the journal; it grows with everything that is done."""
        return self._journal.revision

    def decisions(self) -> tuple[Decision, ...]:
        """What holds now, in the order it was decided."""
        return self._decisions

    def flagged(self) -> frozenset[ExampleId]:
        """The examples that are flagged, decided or not."""
        return self._flagged

    def notes(self) -> Mapping[ExampleId, str]:
        """What is written of examples, decided or not."""
        return self._journal.notes()

    def repeats(self) -> tuple[Repeat, ...]:
        """What was asked again, each with the label that it had."""
        return self._journal.repeats()

    def decided(self) -> tuple[LabelledExample, ...]:
        """The few-shot set: whose label holds, in labelling order, with what was known then."""
        return tuple(one for one in self.all_labelled() if one.is_shot)

    def checked(self) -> tuple[LabelledExample, ...]:
        """The check examples whose label holds and is not flagged, in labelling order."""
        return tuple(one for one in self.all_labelled() if one.check and not one.flagged)

    def all_labelled(self) -> tuple[LabelledExample, ...]:
        """Whose label holds, check examples and flagged ones too, in labelling order."""
        new = session_rows.read_labelled(self._file.db, after=max(self._labelled, default=0))
        self._labelled |= {one.seq: one for one in new}
        notes, flagged = self.notes(), self._flagged
        found = []
        for event in self._journal.holding():
            if (one := self._labelled.get(event.seq)) is None:
                continue
            said = (event.order, event.example_id in flagged, notes.get(event.example_id, ""))
            if said != (one.seq, False, ""):
                one = replace(one, seq=said[0], flagged=said[1], note=said[2])
            found.append(one)
        return tuple(found)

    def history(self) -> tuple[HistoryEvent, ...]:
        """The whole journal, in the order in which it was written."""
        return session_rows.read_history(self._file.db)

    def record(
        self,
        decision: Decision,
        *,
        pick: Pick | None,
        seconds: float | None,
        looked: bool = False,
        panel: Explanation | None = None,
        shown: bool = True,
    ) -> None:
        """Store a decision; it is on disk when this returns.

        Args:
            decision: what was decided, on an example of the pool.
            pick: why the example was shown; None when no ranking chose it.
            seconds: from the example's paint to the key; None when unknown.
            looked: the model's answer was shown first.
            panel: what the panel said of the example; None when it said nothing yet.
            shown: the example was put before the annotator, not named by id.

        Raises:
            SessionError: it could not be stored, and nothing has changed.
        """
        known = {"pick": pick, "seconds": seconds, "looked": looked, "shown": shown}
        self._append([(JournalEvent.of(self.revision() + 1, decision), known)], panel)

    def record_page(self, made: Sequence[tuple[Decision, Pick]]) -> None:
        """Store decisions on suggestions, all at once: one undo takes all of them back.

        Args:
            made: each with why its example was suggested.

        Raises:
            SessionError: they could not be stored, and nothing has changed.
        """
        first = self.revision() + 1
        known = [{"pick": pick, "looked": True, "shown": True} for _, pick in made]
        events = [JournalEvent.of(first + at, one, first) for at, (one, _) in enumerate(made)]
        self._append([*zip(events, known, strict=True)])

    def record_given(self, answers: Mapping[ExampleId, Answer], given: str) -> tuple[Decision, ...]:
        """Store labels that were given elsewhere, all at once: one undo takes all of them back.

        Args:
            answers: example → its label; what was a check example once stays one.
            given: where: a file's name, or a field of the pool.

        Returns:
            What was stored.

        Raises:
            SessionError: they could not be stored, and nothing has changed.
        """
        first = self.revision() + 1
        page = first if len(answers) > 1 else None
        made = tuple(
            Decision(one, DecisionKind.LABEL, answer, one in self.ever_checks, given=given)
            for one, answer in answers.items()
        )
        events = [JournalEvent.of(first + at, one, page) for at, one in enumerate(made)]
        self._append([(event, {"shown": False}) for event in events])
        return made

    def ever_given(self, given: str) -> frozenset[ExampleId]:
        """What was given a label by a file or field, undone or not."""
        return frozenset(one for name, one in self._ever_given if name == given)

    def change(
        self, answers: Mapping[ExampleId, Answer | None], *, revealed: frozenset[ExampleId]
    ) -> tuple[Decision, ...]:
        """Decide anew on decided examples, each in the place it has; one undo takes all back.

        What was known when an example was shown stays known of it. A label counts as given after a
        look at the model's answer, which was shown beside the label that it replaces.

        Args:
            answers: example → its label from here on, None for a skip; those that are not decided,
                or decided so already, stay as they are.
            revealed: skipped examples whose answer by the model has been seen.

        Returns:
            What was stored, in the order of the decisions.

        Raises:
            SessionError: it could not be stored, and nothing has changed.
        """
        first = self.revision() + 1
        lines: list[_Line] = []
        changed = [
            was
            for was in self._journal.holding()
            if was.example_id in answers
            and (answers[was.example_id] != was.answer or was.kind is EventKind.ACCEPT)
        ]
        for was in changed:
            answer = answers[was.example_id]
            kind = DecisionKind.SKIP if answer is None else DecisionKind.LABEL
            is_hunted = was.hunted or was.kind is EventKind.ACCEPT
            decision = Decision(was.example_id, kind, answer, was.check, is_hunted)
            page = first if len(changed) > 1 else None
            event = JournalEvent.of(first + len(lines), decision, page, was.order)
            pick = self.pick_of(was.example_id)
            looked = was.answer is not None or was.example_id in revealed
            lines.append((event, {"pick": pick, "looked": looked, "shown": True}))
        if lines:
            self._append(lines)
        return tuple(event.decision() for event, _ in lines)

    def mark(self, marks: Sequence[Mark], *, seconds: float | None = None) -> None:
        """Store what is said of examples beside deciding on them; one undo takes all back.

        Args:
            marks: what is said.
            seconds: from an example's paint to the key, where it was asked again.

        Raises:
            SessionError: it could not be stored, and nothing has changed.
        """
        first = self.revision() + 1
        page = first if len(marks) > 1 else None
        known = {"seconds": seconds}
        self._append(
            [(JournalEvent.of(first + at, one, page), known) for at, one in enumerate(marks)]
        )

    def undo(self) -> tuple[Decision | Mark, ...]:
        """Take back what was done last and stands, a page of it at once; return what that was.

        Raises:
            SessionError: it replaced a label that the task has no more, and nothing has changed.
        """
        return self._turn_back(EventKind.UNDO, self._journal.made)

    def redo(self) -> tuple[Decision | Mark, ...]:
        """Bring back what was undone last and return it; nothing when there is nothing.

        Raises:
            SessionError: its label is one that the task has no more, and nothing has changed.
        """
        return self._turn_back(EventKind.REDO, self._journal.undone)

    def pick_of(self, example_id: ExampleId) -> Pick | None:
        """Why the example was shown when it was last decided, undone or not."""
        return session_rows.last_pick(self._file.db, example_id)

    def counts(self, label_names: Sequence[str] = ()) -> Counts:
        """How far labelling is, with the task's labels counted even when nobody has used them."""
        return count(self._decisions, session_rows.ids_in_pool(self._file.db), label_names)

    def _hold(self, state: JournalState) -> None:
        self._journal, self._flagged = state, state.flagged()
        self._decisions = tuple(
            self._decision(event, flagged=event.example_id in self._flagged)
            for event in state.holding()
        )

    def _decision(self, event: JournalEvent, *, flagged: bool) -> Decision:
        known = self._made.get((event.seq, flagged))
        if known is None:
            known = self._made[event.seq, flagged] = event.decision(flagged=flagged)
        return known

    def _turn_back(
        self, kind: EventKind, stack: Sequence[JournalEvent]
    ) -> tuple[Decision | Mark, ...]:
        if not stack:
            return ()
        event = JournalEvent(self.revision() + 1, kind, stack[-1].example_id, page=stack[-1].page)
        self._refuse_dropped_labels(fold([event], self._journal))
        self._append([(event, {})])
        return tuple(one.done for one in sorted(last_made(stack), key=lambda one: one.seq))

    def _refuse_dropped_labels(self, state: JournalState) -> None:
        """A label that was dropped while it did not hold must not come to hold again."""
        if (settings := self.settings()) is None:
            return
        may_hold = {*settings.task.label_names, *labels_of(self._decisions)}
        if back := labels_of(state.decisions()) - may_hold:
            raise SessionError(
                f"{back.pop()!r} is not a label any more, so it cannot be brought back",
                hint="start again with it named too, and it can",
            )

    def _append(self, lines: Sequence[_Line], panel: Explanation | None = None) -> None:
        """Write lines, each with what else is known of it, or none of them."""
        events = [event for event, _ in lines]
        with self._file.transaction() as db:
            for event, known in lines:
                session_rows.append_event(db, event, **known)
            if panel is not None:
                session_rows.keep_panel(db, events[-1].seq, panel)
        self.ever_checks |= {event.example_id for event in events if event.check}
        self._ever_given |= {(event.given, event.example_id) for event in events if event.given}
        self._hold(fold(events, self._journal))
