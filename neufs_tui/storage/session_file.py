"""Opening a session file: whose it is, which schema it has, and who may write to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock
from sqlite_utils import Database

from neufs_tui.errors import SessionError
from neufs_tui.storage import writer_lock
from neufs_tui.storage.migrations import session_migrations, unknown_steps
from neufs_tui.storage.writer_lock import Holder

_BUSY_S = 10
"""Seconds to wait for a reader that holds the file up."""
_OTHER_FILE = "move it away, or name another session file with --session"


class SessionFile:
    """An open session database, and the writer's lock if it may be written to."""

    def __init__(self, path: Path, db: Database, lock: FileLock | None) -> None:
        """Bind what was opened; use `open_session_file`."""
        self.path = path
        self.db = db
        self._lock = lock

    def close(self) -> None:
        """Close the database, then let the next writer in."""
        self.db.close()
        if self._lock is not None:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Write several rows or none; they are on disk when the block is left.

        Raises:
            SessionError: they could not be written, and nothing was.
        """
        with translated(self.path), self.db.atomic():
            yield self.db

    def state(self, name: str) -> str | None:
        """A single value, or None."""
        return _state(self.db, name)

    def keep_state(self, name: str, value: str) -> None:
        """Write a single value, inside a transaction."""
        self.db.execute("insert or replace into state(name, value) values (?, ?)", [name, value])


def open_session_file(path: Path, *, write: bool) -> SessionFile:
    """Open a session file, made and migrated if it may be written to.

    Raises:
        SessionError: there is none to read, it is not a session of this version, or another
            process writes to it.
    """
    if path.is_dir():
        raise SessionError(f"{path} is a folder, not a session file", hint=_OTHER_FILE)
    return _open_writable(path) if write else _open_readable(path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            message = f"{path} is not a session file: {error}"
            raise SessionError(message, hint=_OTHER_FILE) from error
        raise SessionError(
            f"the session {path} cannot be used: {error}",
            hint="check that the disk has room and that the file and its folder can be written to",
        ) from error


def _open_writable(path: Path) -> SessionFile:
    if not path.parent.is_dir():
        raise SessionError(
            f"there is no folder {path.parent} for the session file",
            hint="make it, or name another session file with --session",
        )
    try:
        lock = writer_lock.acquire(path)
    except writer_lock.Busy as error:
        raise writer_lock.busy_error(_holder(path)) from error
    with ExitStack() as opened, translated(path):
        opened.callback(lock.release)
        db = _database(f"{_uri(path)}?mode=rwc")
        opened.callback(db.close)
        _check_schema(path, db)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.execute("pragma foreign_keys = on")
        session_migrations.apply(db)
        file = SessionFile(path, db, lock)
        with file.transaction():
            file.keep_state("writer", Holder.this_process().to_json())
        opened.pop_all()
    return file


def _open_readable(path: Path) -> SessionFile:
    if not path.exists():
        raise SessionError(
            f"there is no session {path} yet", hint="run `neufs-tui label` on the pool first"
        )
    with ExitStack() as opened, translated(path):
        db = _database(f"{_uri(path)}?mode=ro")
        opened.callback(db.close)
        _check_schema(path, db)
        if session_migrations.pending(db):
            return SessionFile(path, _migrated_copy(db), None)
        opened.pop_all()
    return SessionFile(path, db, None)


def _migrated_copy(db: Database) -> Database:
    """A session of an older version, or one just begun, brought up to date in memory."""
    copy = Database(memory=True)
    db.conn.backup(copy.conn)
    session_migrations.apply(copy)
    return copy


def _check_schema(path: Path, db: Database) -> None:
    """Refuse what is not ours, or newer than we are."""
    if unknown_steps(db):
        raise SessionError(
            f"{path} was written by a newer version of neufs-tui",
            hint="upgrade neufs-tui, or name another session file with --session",
        )
    strange = set(db.table_names()) - {session_migrations.migrations_table}
    if strange and not session_migrations.applied(db):
        raise SessionError(f"{path} is another program's database", hint=_OTHER_FILE)


def _holder(path: Path) -> Holder | None:
    """Who is on record as writing; None when that cannot be read, as in its first moments."""
    try:
        db = _database(f"{_uri(path)}?mode=ro")
        text = _state(db, "writer")
        db.close()
    except sqlite3.Error:
        return None
    return Holder.from_json(text) if text else None


def _state(db: Database, name: str) -> str | None:
    row = db.execute("select value from state where name = ?", [name]).fetchone()
    return None if row is None else str(row[0])


def _uri(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}"


def _database(uri: str) -> Database:
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S)
    return Database(connection, execute_plugins=False)
