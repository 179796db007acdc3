"""One file again: what SQLite keeps in a journal beside a session goes into the session itself.

A commit is on disk in `NAME-wal` when it returns. A moment later, when the screen has been
painted, a thread brings it into `NAME`, so that a copy of that file alone has every decision.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

logger = logging.getLogger(__name__)

_QUIET_S = 0.3
"""Seconds from a commit to the work that it leaves; what comes in between is done with it."""


def journal_of(path: Path) -> Path:
    """SQLite's journal beside a database file."""
    return path.with_name(f"{path.name}-wal")


def uri_of(path: Path, mode: str) -> str:
    """A database file as SQLite takes it, such as with the mode `ro`."""
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def settle(path: Path) -> bool:
    """Bring the journal into the file and empty it; waits for nobody.

    A writer may go on meanwhile: only to empty the journal, when all of it is on disk in the
    file, are writers kept out.

    Returns:
        Whether it is done; if not, somebody was reading or writing.

    Raises:
        sqlite3.Error: the file cannot be written, and the journal is as it was.
    """
    with closing(sqlite3.connect(uri_of(path, "rw"), uri=True, timeout=0)) as connection:
        connection.execute("pragma wal_checkpoint(passive)").fetchone()
        is_busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    return not is_busy


class Settler:
    """A thread that settles a session file after each commit until it is stopped."""

    def __init__(self, path: Path) -> None:
        """Begin to wait for commits to a file."""
        self._path = path
        self._is_written, self._is_stopped = Event(), Event()
        self._thread = Thread(target=self._work, name="settle", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._is_written.set()

    def stop(self) -> None:
        """Return when the file is left alone; what was committed last may be in the journal."""
        self._is_stopped.set()
        self._is_written.set()
        self._thread.join()

    def _work(self) -> None:
        while self._is_written.wait() and not self._is_stopped.wait(_QUIET_S):
            self._is_written.clear()
            if self._is_stopped.is_set():  # its wake may just have been cleared
                return
            try:
                if not settle(self._path):
                    self._is_written.set()
            except sqlite3.Error as error:
                logger.warning("%s cannot be settled: %s", self._path, error)
