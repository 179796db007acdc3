"""The file under a cache: made when missing, set aside and begun anew when damaged."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from sqlite_utils import Database

from neufs_tui.errors import NeufsError

logger = logging.getLogger(__name__)

_BUSY_S = 60
"""Seconds to wait for another process that writes to the same file."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Result = TypeVar("Result")


class DamagedRows(Exception):
    """Rows that cannot be what was written, with the reason."""


class CacheDamaged(NeufsError):
    """The file is no cache, or no longer."""


class CacheFile:
    """One SQLite file of one table that may be thrown away."""

    def __init__(
        self, path: Path, meta: Mapping[str, str], *, table: str, columns: Mapping[str, type]
    ) -> None:
        """Bind a path; nothing is opened before the first `run`.

        Args:
            path: in a folder that need not be there yet.
            meta: what the rows depend on, kept in the file for whoever looks into it.
            table: name of the table.
            columns: its columns and their types, with `id` as the key.
        """
        self.path = path
        self._table, self._columns = table, dict(columns)
        self._meta = dict(meta)
        self._db: Database | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def run(self, action: Callable[[Database], Result]) -> Result:
        """Do something with the file; if it turns out damaged, do it with a new one.

        Raises:
            NeufsError: it cannot be made, read or written.
        """
        try:
            return self._attempt(action)
        except CacheDamaged as damage:
            logger.warning("%s; it is set aside and begun anew", damage.message)
            self._set_aside()
        return self._attempt(action)

    def _attempt(self, action: Callable[[Database], Result]) -> Result:
        try:
            if self._db is None:
                self._db = self._connect()
            return action(self._db)
        except DamagedRows as error:
            raise CacheDamaged(self._cannot_be_used(error), hint=_HINT) from error
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            kind = CacheDamaged if code in _DAMAGE else NeufsError
            raise kind(self._cannot_be_used(error), hint=_HINT) from error

    def _connect(self) -> Database:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite does not wait when two connections turn a new file to WAL at once: one is refused
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=_BUSY_S)
        with lock, ExitStack() as opened:
            db = Database(sqlite3.connect(self.path, timeout=_BUSY_S), execute_plugins=False)
            opened.callback(db.close)
            # A row is some kilobytes: on small pages half of each would stay empty
            db.execute("pragma page_size = 32768")
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            db.execute("begin immediate")
            db.table("meta").create({"name": str, "value": str}, pk="name", if_not_exists=True)
            db.table(self._table).create(self._columns, pk="id", if_not_exists=True)
            db.conn.executemany("insert or ignore into meta values (?, ?)", self._meta.items())
            db.execute("commit")
            found = dict(db.execute("select name, value from meta").fetchall())
            if found != self._meta:
                raise DamagedRows(f"it holds {self._table} of {found}")
            opened.pop_all()
        return db

    def _set_aside(self) -> None:
        self.close()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path.replace(self.path.with_name(self.path.name + ".corrupt"))

    def _cannot_be_used(self, error: Exception) -> str:
        return f"the cache {self.path} cannot be used: {error}"


_HINT = "check that the disk has room, or point XDG_CACHE_HOME at another folder"
