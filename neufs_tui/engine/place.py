"""The place of a session's engine: a lock that dies with the engine, and a socket that it hears.

Both lie in a folder that only their user may enter, since what comes over the socket is unpickled.
It is not under XDG_RUNTIME_DIR, which goes when the user's last login ends: just when an engine
is to be found again.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path

from neufs_tui import __version__
from neufs_tui.engine.wire import Quit

logger = logging.getLogger(__name__)

READY = b"ready"
"""What the engine says to whoever connects, once it listens."""
_ANSWER_S = 1.0
"""Seconds in which an engine that is well says so."""
_PATIENCE_S = 5.0
"""Seconds in which an engine that is told to end, or killed, is gone."""
_LOOK_S = 0.02
_LONGEST = 100
"""Bytes that a socket's path may have on every system."""
_ENVIRONMENT = ("CUDA", "HF_", "HUGGINGFACE", "TRANSFORMERS_", "TORCH", "PYTORCH", "OMP_", "MKL_")
"""Beginnings of variables that decide how a model is found and run."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The engine of a session."""

    pid: int
    session: str
    """Path of the session file."""
    circumstances: str
    """What it was started in; see `circumstances`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A place for an engine that is to be started."""

    listener: socket.socket
    lock: int
    """Descriptor; the place is taken while any process has it open."""

    def write(self, holder: Holder) -> None:
        """Say whose place it is."""
        os.write(self.lock, json.dumps(asdict(holder)).encode())


class Place:
    """Where the engine of one session is to be found, on this machine."""

    def __init__(self, session: Path, folder: Path) -> None:
        """Find the names of the two files; nothing is made.

        Args:
            session: the session file.
            folder: where the files of all places lie.
        """
        self.session = session.resolve()
        told = os.fsencode(f"{socket.gethostname()}\n{self.session}")
        name = blake2b(told, digest_size=8).hexdigest()
        self.folder = folder
        self.lock_path, self.socket_path = folder / f"{name}.lock", folder / f"{name}.sock"

    @property
    def holder(self) -> Holder | None:
        """The engine that runs; None without one, or while it is only being started."""
        return _holder(self.lock_path)

    @property
    def is_taken(self) -> bool:
        """Whether an engine runs or is being started."""
        return _is_locked(self.lock_path)

    def connect(self) -> Connection | None:
        """A pipe to the engine; None when none answers."""
        try:
            with socket.socket(socket.AF_UNIX) as end:
                end.settimeout(_ANSWER_S)
                with _address(self.socket_path) as address:
                    end.connect(address)
                end.settimeout(None)
                connection = Connection(end.detach())
        except OSError as error:
            logger.info("no engine answers: %s", error)
            return None
        try:
            if connection.poll(_ANSWER_S) and connection.recv_bytes() == READY:
                return connection
        except (EOFError, OSError) as error:
            logger.info("the engine hung up: %s", error)
        connection.close()
        return None

    def kill(self, pid: int | None = None) -> None:
        """End the engine, if one runs, without asking it; None is any, else only that one."""
        holder = self.holder
        if holder is None or pid not in (None, holder.pid):
            return
        logger.warning("the engine %d is killed", holder.pid)
        try:
            os.kill(holder.pid, signal.SIGKILL)
        except ProcessLookupError as error:
            logger.info("it has just ended: %s", error)

    def stop(self) -> bool:
        """Ask the engine to store what it has read and end; end it if it does not.

        Returns:
            Whether it has ended.
        """
        connection = self.connect()
        if connection is not None:
            try:
                connection.send(Quit())
            except OSError as error:
                logger.info("the engine hung up: %s", error)
            connection.close()
            if self.wait_until_free():
                return True
        self.kill()
        return self.wait_until_free()

    def wait_until_free(self, seconds: float = _PATIENCE_S) -> bool:
        """Wait for the engine's end; returns whether it has come."""
        end = time.monotonic() + seconds
        while self.is_taken:
            if time.monotonic() > end:
                return False
            time.sleep(_LOOK_S)
        return True

    @contextmanager
    def take(self) -> Iterator[Taken]:
        """Take the place for an engine that is started meanwhile, and inherits what it needs.

        Raises:
            OSError: an engine has it, or the files cannot be made.
        """
        make_private(self.folder)
        lock = _locked(self.lock_path)
        try:
            os.ftruncate(lock, 0)
            self.socket_path.unlink(missing_ok=True)  # of an engine that was killed
            with socket.socket(socket.AF_UNIX) as listener:
                with _address(self.socket_path) as address:
                    listener.bind(address)
                listener.listen()
                yield Taken(listener, lock)
        finally:
            os.close(lock)


def make_private(folder: Path) -> None:
    """Make a folder that nobody but the user may enter.

    Raises:
        OSError: it cannot be made, or belongs to somebody else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stat = folder.stat()
    if stat.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    if stat.st_mode & 0o077:
        folder.chmod(0o700)


def circumstances() -> str:
    """What an engine started now would be started in: program, folder and environment."""
    environment = [f"{name}={os.environ[name]}" for name in sorted(os.environ)]
    told = [line for line in environment if line.startswith(_ENVIRONMENT)]
    about = "\n".join([__version__, sys.executable, str(Path.cwd()), *told])
    return blake2b(os.fsencode(about), digest_size=16).hexdigest()


def running(folder: Path) -> list[Holder]:
    """Every engine that has a place; what killed ones have left is removed."""
    holders = []
    for lock_path in sorted(folder.glob("*.lock")):
        holder = _holder(lock_path)
        if holder is not None:
            holders.append(holder)
            continue
        try:
            lock = _locked(lock_path)
        except OSError as error:
            logger.info("an engine is being started: %s", error)
            continue
        lock_path.with_suffix(".sock").unlink(missing_ok=True)
        lock_path.unlink(missing_ok=True)
        os.close(lock)
    return holders


@contextmanager
def _address(socket_path: Path) -> Iterator[str]:
    """A path of a socket that is short enough to be one."""
    if len(os.fsencode(socket_path)) <= _LONGEST:
        yield str(socket_path)
        return
    folder = os.open(socket_path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{socket_path.name}"
    finally:
        os.close(folder)


def _holder(lock_path: Path) -> Holder | None:
    if not _is_locked(lock_path):
        return None
    try:
        return Holder(**json.loads(lock_path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        logger.info("nobody holds %s yet: %s", lock_path, error)
        return None


def _is_locked(lock_path: Path) -> bool:
    try:
        lock = os.open(lock_path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError as error:
        logger.warning("no engine can be looked for: %s", error)
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _locked(lock_path: Path) -> int:
    """A descriptor that holds a lock; whoever looks whether it is held holds it for a moment.

    Raises:
        OSError: it is held.
    """
    end = time.monotonic() + _ANSWER_S
    while True:
        with ExitStack() as stack:
            lock = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(lock), lock_path.stat()):
                    stack.pop_all()
                    return lock
            except FileNotFoundError:
                continue  # its engine has removed it at its end
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(_LOOK_S)
