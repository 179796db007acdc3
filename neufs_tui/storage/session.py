"""The session: what the annotator decided on a pool, in one file, on disk before anything moves on.

One connection, for one thread at a time. A decision is an event that is appended and
never changed; what holds is a fold over the events (`storage/journal.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from neufs_tui.core.records import ExampleId, ModelIdentity, Pick
from neufs_tui.storage import session_rows
from neufs_tui.storage.kept_calibration import KeptCalibration
from neufs_tui.storage.kept_checks import KeptChecks
from neufs_tui.storage.kept_journal import KeptJournal
from neufs_tui.storage.kept_panels import KeptPanels
from neufs_tui.storage.pool import Pool
from neufs_tui.storage.pool_changes import PoolChanges, pool_record
from neufs_tui.storage.session_file import SessionFile, open_session_file, translated
from neufs_tui.storage.stored_json import (
    PoolRecord,
    ShownRecord,
    model_from_json,
    pool_from_json,
    shown_from_json,
    to_json,
)


class Session(KeptJournal):
    """One session file, as of the moment it was opened and all that was done through it since."""

    def __init__(self, file: SessionFile) -> None:
        """Bind an open file and read its journal; use `Session.open`."""
        super().__init__(file)
        self.checks, self.calibration = KeptChecks(file), KeptCalibration(file)
        self.panels = KeptPanels(file, lambda: self._journal)

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

    def model(self) -> ModelIdentity | None:
        """The model that was last loaded; None before the first."""
        return model_from_json(text) if (text := self._file.state("model")) else None

    def save_model(self, model: ModelIdentity) -> None:
        """Keep which model is loaded."""
        self._save("model", to_json(model))

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

    def _save(self, name: str, value: str) -> None:
        if self._file.state(name) != value:
            with self._file.transaction():
                self._file.keep_state(name, value)
