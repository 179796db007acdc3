"""A running engine for the client: a process started now, or one that an earlier app has left."""

from __future__ import annotations

import logging
import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import BinaryIO, Protocol

from neufs_tui.engine.place import Holder, Place, circumstances
from neufs_tui.errors import EngineError

logger = logging.getLogger(__name__)

_FRUGAL = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64", "MALLOC_ARENA_MAX": "2"}
"""Batches are of ever different shapes, for each of which PyTorch's kernels on a CPU would be kept,
up to 1,024 of them; what the user has set wins."""


class Running(Protocol):
    """An engine process, and the pipe to it."""

    @property
    def connection(self) -> Connection:
        """The app's end."""

    @property
    def pid(self) -> int:
        """Process id."""

    def wait(self) -> int | None:
        """Wait for its end; returns the exit code, or None when that cannot be known."""

    def kill(self) -> None:
        """End it, if it still runs."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process of this one's."""

    connection: Connection
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        return self.process.wait()

    def kill(self) -> None:
        """End it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()


@dataclass(frozen=True, slots=True)
class Found:
    """A process that an earlier app has started."""

    connection: Connection
    pid: int
    place: Place

    def wait(self) -> None:
        """Wait for its end."""
        self.place.wait_until_free(float("inf"))

    def kill(self) -> None:
        """End it, if it still runs."""
        self.place.kill(self.pid)


class Starter:
    """Starts engines, one after the other."""

    def __init__(self, command: tuple[str, ...], log_path: Path, place: Place | None) -> None:
        """Keep what an engine needs.

        Args:
            command: program and arguments of the engine; its descriptors are added.
            log_path: file that takes what the engine prints, appended to.
            place: where the engine is to be found; None where nobody looks for it.
        """
        self._command = command
        self._log_path = log_path
        self._place = place

    def find(self) -> Running | None:
        """The engine that is there already; one that is of no use is ended."""
        if self._place is None or not self._place.is_taken:
            return None
        holder = self._place.holder
        if holder is not None and holder.circumstances == circumstances():
            connection = self._place.connect()
            if connection is not None:
                logger.info("goes on with the engine %d", holder.pid)
                return Found(connection, holder.pid, self._place)
        self._place.stop()
        return None

    def start(self) -> Running:
        """A new engine, in the place if that can be had.

        Raises:
            EngineError: the system does not start one.
        """
        with ExitStack() as stack:
            taken = None
            if self._place is not None:
                try:
                    taken = stack.enter_context(self._place.take())
                except OSError as error:
                    logger.warning("the engine will not be found again: %s", error)
            ours, theirs = Pipe()
            descriptors = [theirs.fileno()]
            arguments = [str(theirs.fileno())]
            if taken is not None and self._place is not None:
                kept = [taken.listener.fileno(), taken.lock]
                descriptors += kept
                arguments += map(str, [*kept, self._place.session, self._place.folder])
            try:
                with theirs, self._open_log() as log:
                    process = subprocess.Popen(
                        [*self._command, *arguments],
                        pass_fds=descriptors,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        env=_FRUGAL | os.environ,
                        start_new_session=True,  # signals of the terminal are the app's to handle
                    )
            except OSError as error:
                ours.close()
                raise EngineError(f"the engine cannot be started: {error}") from error
            if taken is not None and self._place is not None:
                taken.write(Holder(process.pid, str(self._place.session), circumstances()))
            return Started(ours, process)

    def _open_log(self) -> BinaryIO:
        """Where the engine prints; nowhere when the log file cannot be written."""
        try:
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            return self._log_path.open("ab")
        except OSError as error:
            logger.warning("the engine has no log: %s", error)
            return Path(os.devnull).open("ab")
