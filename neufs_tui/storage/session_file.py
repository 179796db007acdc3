"""Opening a session file: whose it is, which schema it has, and who may write to it.

While a session is open for writing its file says so. The mark goes with the last journal into
the file, so that a copy that has the mark and no journal beside it can be told from a whole one.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock
from sqlite_utils import Database

from neufs_tui.atomic import whole_files
from neufs_tui.errors import SessionError
from neufs_tui.storage import writer_lock
from neufs_tui.storage.migrations import session_migrations, unknown_steps
from neufs_tui.storage.settling import Settler, journal_of, settle, uri_of
from neufs_tui.storage.writer_lock import Holder

logger = logging.getLogger(__name__)

_BUSY_S = 10
"""Seconds to wait for a reader that holds the file up."""
_OTHER_FILE = "move it away, or name another session file with --session"
_OPEN = "open"
"""Name of the mark: the process that writes."""
_TABLES = frozenset({"examples", "events", "state"})


class SessionFile:
    """An open session database, and the writer's lock if it may be written to."""

    def __init__(
        self, path: Path, db: Database, lock: FileLock | None, *, lacks_journal: bool
    ) -> None:
        """Bind what was opened; use `open_session_file`."""
        self.path = path
        self.db = db
        self._lock = lock
        self._settler = Settler(path.resolve()) if lock is not None else None
        self.lacks_journal = lacks_journal
        """Whether it was last written to with a journal that is not beside it."""

    @property
    def journal(self) -> Path:
        """Where SQLite keeps what is not in the file yet."""
        return journal_of(self.path.resolve())

    @property
    def leftover(self) -> str:
        """What is not in the session's one file yet; empty when all is."""
        journal = self.journal
        if not journal.exists() or not journal.stat().st_size:
            return ""
        return f"{journal.name} holds what was stored last: copy it together with {self.path.name}"

    def told_missing(self, since: str | None) -> str:
        """What may have been lost on the way of a copy without its journal.

        Args:
            since: when the last line that is here was written; None without any.
        """
        after = f"after {since}" if since else "in it"
        return (
            f"{self.path.name} was copied without {self.journal.name} while it was being labelled: "
            f"what was decided {after} may be missing"
        )

    def close(self) -> None:
        """Make it one file and close it, then let the next writer in."""
        try:
            self._end()
        finally:
            self.db.close()
            if self._lock is not None:
                self._lock.release()

    def _end(self) -> None:
        if self._settler is None:
            return
        self._settler.stop()
        try:
            with self.transaction() as db:
                db.execute("delete from state where name = ?", [_OPEN])
            settle(self.path.resolve())
        except (SessionError, sqlite3.Error) as error:  # it is safe in the journal
            logger.warning("%s could not be settled at its end: %s", self.path, error)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Database]:
        """Write several rows or none; they are on disk when the block is left.

        Args:
            durable: False does not wait for the disk, so that what is written may be lost with
                the machine's power, if nothing is written after it.

        Raises:
            SessionError: they could not be written, and nothing was.
        """
        with translated(self.path), ExitStack() as wanted, self.db.conn:
            if not durable:
                wanted.callback(self.db.execute, "pragma synchronous = full")
                self.db.execute("pragma synchronous = normal")
            self.db.execute("begin immediate")  # a journal emptied after a read would refuse us
            yield self.db
        if self._settler is not None:
            self._settler.wake()

    def state(self, name: str) -> str | None:
        """A single value, or None."""
        return _state(self.db, name)

    def keep_state(self, name: str, value: str) -> None:
        """Write a single value, inside a transaction."""
        self.db.execute("insert or replace into state(name, value) values (?, ?)", [name, value])


def open_session_file(path: Path, *, write: bool) -> SessionFile:
    """Open a session file, made and migrated if it may be written to.

    Reading leaves nothing beside the file, and needs no permission to write anything.

    Raises:
        SessionError: there is none to read, it is not a session of this version, or another
            process writes to it.
    """
    if path.is_dir():
        raise SessionError(f"{path} is a folder, not a session file", hint=_OTHER_FILE)
    return _open_writable(path) if write else _open_readable(path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into ours."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            message = f"{path} is not a session file: {error}"
            raise SessionError(message, hint=_OTHER_FILE) from error
        if code == sqlite3.SQLITE_READONLY:
            raise writer_lock.unwritable_error(path) from error
        raise SessionError(
            f"the session {path} cannot be used: {error}",
            hint="check that the disk has room, and who may read and write the file",
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
    home = path.resolve()
    with ExitStack() as opened, translated(path):
        opened.callback(lock.release)
        if not home.exists():
            _create(home)
        if not os.access(home, os.W_OK):  # SQLite would find out late, and leave files behind
            raise writer_lock.unwritable_error(path)
        lacks_journal = not journal_of(home).exists()
        db = _database(home, "rw")
        opened.callback(db.close)
        _check_schema(path, db)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.execute("pragma foreign_keys = on")
        session_migrations.apply(db)
        lacks_journal = lacks_journal and _state(db, _OPEN) is not None
        file = SessionFile(path, db, lock, lacks_journal=lacks_journal)
        opened.pop_all()
        opened.callback(file.close)
        with file.transaction():
            file.keep_state(_OPEN, Holder.this_process().to_json())
        settle(home)
        opened.pop_all()
    return file


def _create(home: Path) -> None:
    """Make an empty session, which has its name only once it is whole."""
    with whole_files(home, locked=True) as (part,), closing(_database(part, "rwc")) as db:
        db.execute("pragma journal_mode = memory")
        session_migrations.apply(db)


def _open_readable(path: Path) -> SessionFile:
    if not path.exists():
        raise SessionError(
            f"there is no session {path} yet", hint="run `neufs-tui label` on the pool first"
        )
    home = path.resolve()
    with ExitStack() as opened, translated(path):
        lacks_journal = not journal_of(home).exists()
        db = _reader(home)
        opened.callback(db.close)
        _check_schema(path, db)
        lacks_journal = lacks_journal and _state(db, _OPEN) is not None
        if session_migrations.pending(db):
            db = _in_memory(db)
            session_migrations.apply(db)
        else:
            opened.pop_all()
    return SessionFile(path, db, None, lacks_journal=lacks_journal)


def _reader(home: Path) -> Database:
    """A database that is only read, together with its journal if there is one."""
    if journal_of(home).exists():
        db = _database(home, "ro")
        try:
            db.execute("select 1 from sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            db.close()
            if error.sqlite_errorcode & 0xFF not in (
                sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
            ):  # fmt: skip
                raise
            return _copied(home)  # SQLite needs a third file, and may not make it here
        return db
    if not (os.access(home, os.W_OK) and os.access(home.parent, os.W_OK)):
        return _database(home, "ro&immutable=1")
    db = _database(home, "rw")  # so that the files it makes beside it go again at the end
    db.execute("pragma query_only = on")
    return db


def _copied(home: Path) -> Database:
    """A database and its journal, read where there is room to."""
    with TemporaryDirectory() as folder:
        copy = Path(folder, home.name)
        shutil.copyfile(home, copy)
        with suppress(FileNotFoundError):  # its writer has just ended
            shutil.copyfile(journal_of(home), journal_of(copy))
        with closing(_database(copy, "rw")) as db:
            return _in_memory(db)


def _in_memory(db: Database) -> Database:
    copy = Database(memory=True)
    db.conn.backup(copy.conn)
    return copy


def _check_schema(path: Path, db: Database) -> None:
    """Refuse what is not ours, or newer than we are."""
    if unknown_steps(db):
        raise SessionError(
            f"{path} was written by a newer version of neufs-tui",
            hint="upgrade neufs-tui, or name another session file with --session",
        )
    tables = set(db.table_names()) - {session_migrations.migrations_table}
    if not tables:
        raise SessionError(
            f"{path} is empty: it holds no session",
            hint=f"if it is a copy, copy {journal_of(path).name} beside it too; else {_OTHER_FILE}",
        )
    if not session_migrations.applied(db) or not tables >= _TABLES:
        raise SessionError(f"{path} is another program's database", hint=_OTHER_FILE)


def _holder(path: Path) -> Holder | None:
    """Who is on record as writing; None when that cannot be read, as in its first moments."""
    try:
        with closing(_reader(path.resolve())) as db:
            text = _state(db, _OPEN)
    except (sqlite3.Error, OSError):
        return None
    return Holder.from_json(text) if text else None


def _state(db: Database, name: str) -> str | None:
    row = db.execute("select value from state where name = ?", [name]).fetchone()
    return None if row is None else str(row[0])


def _database(path: Path, mode: str) -> Database:
    # A session is opened on a thread of its own, and then handed over
    connection = sqlite3.connect(
        uri_of(path, mode), uri=True, timeout=_BUSY_S, check_same_thread=False
    )
    return Database(connection, execute_plugins=False)
