"""The session: what the annotator decided on a pool, in one file, on disk before anything moves on.

One connection, for one thread at a time. A decision is an event that is appended and
never changed; what holds is a fold over the events (`storage/journal.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from neufs_tui.core.counts import Counts, count
from neufs_tui.core.explanation import Explanation
from neufs_tui.core.history import HistoryEvent
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Decision, ExampleId, ModelIdentity, Pick
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
from neufs_tui.storage.kept_calibration import KeptCalibration
from neufs_tui.storage.kept_checks import KeptChecks
from neufs_tui.storage.kept_panels import KeptPanels
from neufs_tui.storage.pool import Pool
from neufs_tui.storage.pool_changes import PoolChanges, pool_record
from neufs_tui.storage.session_file import SessionFile, open_session_file, translated
from neufs_tui.storage.stored_json import (
    PoolRecord,
    SessionSettings,
    ShownRecord,
    model_from_json,
    pool_from_json,
    settings_from_json,
    shown_from_json,
    to_json,
)

_Line = tuple[JournalEvent, Mapping[str, Any]]
"""A line of the journal, and what else is known when it is written."""


class Session:
    """One session file, as of the moment it was opened and all that was done through it since."""

    def __init__(self, file: SessionFile) -> None:
        """Bind an open file and read its journal; use `Session.open`."""
        self._file = file
        self.checks, self.calibration = KeptChecks(file), KeptCalibration(file)
        self.panels = KeptPanels(file, lambda: self._journal)
        self._labelled: dict[int, LabelledExample] = {}
        """By the number of the label's line, as far as they were read, as is `_made`."""
        self._made: dict[int, Decision] = {}
        events = session_rows.read_events(file.db)
        self.ever_checks = {event.example_id for event in events if event.check}
        """What was decided on as a check example, undone or not."""
        self._hold(fold(events))

    @classmethod
    def open(cls, path: str | Path, *, write: bool) -> Session:
        """Open a session.

        Args:
            path: its file, made when there is none and it is to be written.
            write: be the one process that may write; reading needs no permission.

        Raises:
            SessionError: there is nothing to read, the file is no session of this version, or
                another process writes to it.
        """
        file = open_session_file(Path(path), write=write)
        with ExitStack() as opened, translated(file.path):
            opened.callback(file.close)
            session = cls(file)
            opened.pop_all()
        return session

    def __enter__(self) -> Session:
        """Use it in a `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the file and its lock."""
        self._file.close()

    @property
    def path(self) -> Path:
        """The session's file."""
        return self._file.path

    @property
    def missing(self) -> str:
        """What may have been lost on the way of a copy; empty when all is here."""
        since = session_rows.last_time(self._file.db)
        return self._file.told_missing(since) if self._file.lacks_journal else ""

    @property
    def leftover(self) -> str:
        """What is not in the session's one file yet; empty when all is."""
        return self._file.leftover

    def merge_pool(self, pool: Pool, check: Callable[[], None] = lambda: None) -> None:
        """Take in a pool: new texts, moved rows, and which texts are no longer in it.

        A text that is no longer in the pool keeps its decision.

        Args:
            pool: the pool as it is now.
            check: called now and then; what it raises leaves the session as it was.
        """
        record = pool_record(pool)
        if record == self.pool():
            return
        with self._file.transaction() as db:
            self._labelled.clear()  # rows move, and their fields change
            session_rows.merge_examples(db, pool.examples, check)
            self._file.keep_state("pool", to_json(record))

    def merge_changes(self, changes: PoolChanges) -> Iterator[None]:
        """Take in a pool a part at a time, each on disk at once; decisions may come between.

        Left in the middle, the session is brought up to date when it is opened next.

        Raises:
            SessionError: a part could not be written.
        """
        for record, rows, gone in changes.parts():
            with self._file.transaction() as db:
                session_rows.put_rows(db, rows)
                session_rows.leave_pool(db, gone)
                self._file.keep_state("pool", to_json(record))
            self._labelled.clear()  # rows move, and their fields change
            yield

    def pool(self) -> PoolRecord | None:
        """The pool file merged last; None before the first."""
        return pool_from_json(text) if (text := self._file.state("pool")) else None

    def settings(self) -> SessionSettings | None:
        """Task, model and selection as last used; None when never saved."""
        return settings_from_json(text) if (text := self._file.state("settings")) else None

    def save_settings(self, settings: SessionSettings) -> None:
        """Keep task, model and selection for the next time; each label remembers its task."""
        with self._file.transaction() as db:
            session_rows.keep_task(db, settings.task)
            self._file.keep_state("settings", to_json(settings))

    def model(self) -> ModelIdentity | None:
        """The model that was last loaded; None before the first."""
        return model_from_json(text) if (text := self._file.state("model")) else None

    def save_model(self, model: ModelIdentity) -> None:
        """Keep which model is loaded."""
        self._save("model", to_json(model))

    def revision(self) -> int:
        """Length of the journal; it grows with every label, skip, undo and redo."""
        return self._journal.revision

    def decisions(self) -> tuple[Decision, ...]:
        """What holds now, in the order it was decided."""
        return self._decisions

    def decided(self) -> tuple[LabelledExample, ...]:
        """The few-shot set: whose label holds, in labelling order, with what was known then."""
        return tuple(one for one in self.all_labelled() if not one.check)

    def checked(self) -> tuple[LabelledExample, ...]:
        """The check examples whose label holds, in labelling order."""
        return tuple(one for one in self.all_labelled() if one.check)

    def all_labelled(self) -> tuple[LabelledExample, ...]:
        """Both, in labelling order."""
        new = session_rows.read_labelled(self._file.db, after=max(self._labelled, default=0))
        self._labelled |= {one.seq: one for one in new}
        holding = sorted(event.seq for event in self._journal.holding())
        return tuple(self._labelled[seq] for seq in holding if seq in self._labelled)

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

    def undo(self) -> tuple[Decision, ...]:
        """Take back the last decision that stands, or page of them, and return what that was.

        Raises:
            SessionError: it replaced a label that the task has no more, and nothing has changed.
        """
        return self._turn_back(EventKind.UNDO, self._journal.made)

    def redo(self) -> tuple[Decision, ...]:
        """Bring back what was undone last and return it; nothing when there is nothing.

        Raises:
            SessionError: its label is one that the task has no more, and nothing has changed.
        """
        return self._turn_back(EventKind.REDO, self._journal.undone)

    def pick_of(self, example_id: ExampleId) -> Pick | None:
        """Why the example was shown when it was last decided, undone or not."""
        return session_rows.last_pick(self._file.db, example_id)

    def set_shown(self, example_id: ExampleId, pick: Pick | None, *, looked: bool = False) -> None:
        """Remember what is on the screen at this revision.

        Args:
            example_id: the example.
            pick: why it is shown.
            looked: the annotator has seen the model's answer to it.
        """
        record = ShownRecord(example_id, self.revision(), pick, looked)
        self._save("shown", to_json(record))

    def shown(self) -> tuple[ExampleId, Pick | None, bool] | None:
        """What was on the screen at this revision, and whether the model's answer had been seen.

        None when nothing was shown.
        """
        shown = shown_from_json(text) if (text := self._file.state("shown")) else None
        if shown is None or shown.revision != self.revision():
            return None
        return shown.example_id, shown.pick, shown.looked

    def counts(self, label_names: Sequence[str] = ()) -> Counts:
        """How far labelling is, with the task's labels counted even when nobody has used them."""
        return count(self._decisions, session_rows.ids_in_pool(self._file.db), label_names)

    def _hold(self, state: JournalState) -> None:
        self._journal = state
        self._decisions = tuple(
            self._made.get(event.seq) or self._made.setdefault(event.seq, event.decision)
            for event in state.holding()
        )

    def _turn_back(self, kind: EventKind, stack: Sequence[JournalEvent]) -> tuple[Decision, ...]:
        if not stack:
            return ()
        event = JournalEvent(self.revision() + 1, kind, stack[-1].example_id, page=stack[-1].page)
        self._refuse_dropped_labels(fold([event], self._journal))
        self._append([(event, {})])
        return tuple(one.decision for one in sorted(last_made(stack), key=lambda one: one.seq))

    def _refuse_dropped_labels(self, state: JournalState) -> None:
        """A label that was dropped while it did not hold must not come to hold again."""
        if (settings := self.settings()) is None:
            return
        may_hold = {*settings.task.label_names, *labels_of(self._decisions)}
        if back := labels_of(event.decision for event in state.holding()) - may_hold:
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
        self._hold(fold(events, self._journal))

    def _save(self, name: str, value: str) -> None:
        if self._file.state(name) != value:
            with self._file.transaction():
                self._file.keep_state(name, value)
