"""One writer per session: a lock that dies with its process, and the name of who holds it."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from neufs_tui.errors import SessionError


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that may write."""

    pid: int
    host: str
    since: str
    """ISO 8601, UTC."""

    @classmethod
    def this_process(cls) -> Holder:
        """The one running now."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(os.getpid(), socket.gethostname(), since)

    @classmethod
    def from_json(cls, text: str) -> Holder:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine, as far as the host's name tells."""
        return self.host == socket.gethostname()

    @property
    def is_gone(self) -> bool:
        """Whether it certainly no longer runs."""
        if not self.is_here:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


class Busy(Exception):
    """Another process holds the lock."""


def acquire(session: Path) -> FileLock:
    """Take the lock beside a session file, without waiting.

    Raises:
        Busy: another process holds it.
        SessionError: the lock file cannot be made.
    """
    path = session.resolve()
    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise Busy from error
    except OSError as error:
        raise unwritable_error(session) from error
    return lock


def unwritable_error(session: Path) -> SessionError:
    """What a writer is told that may not write."""
    return SessionError(
        f"the session {session} cannot be written to",
        hint="check who may write to it and to its folder, or name a session file elsewhere with "
        "--session; stats, export, explain and select only read it",
    )


def busy_error(holder: Holder | None) -> SessionError:
    """What a second writer is told; a holder on record that is gone is not blamed."""
    if holder is None or holder.is_gone:
        return SessionError("another neufs-tui is labelling this session", hint=_HINT)
    host = "" if holder.is_here else f" on {holder.host}"
    return SessionError(
        f"another neufs-tui (process {holder.pid}{host}) is labelling this session",
        hint=f"{_HINT}; it was opened at {holder.since}",
    )


_HINT = "close that one first, or label in another file with --session"
