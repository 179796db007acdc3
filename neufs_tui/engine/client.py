"""The app's side of the engine: starts the process, listens, and starts it again when it dies."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineDied,
    EngineFailed,
    Event,
    Focus,
    Ranked,
    Request,
    Stop,
)

logger = logging.getLogger(__name__)

MAX_DEATHS = 3
"""Deaths without a ranking between them after which the engine is not started again."""
_STOP_SECONDS = 2.0


class EngineClient:
    """Owns the engine process.

    The listener is called from a thread of this class; everything else belongs to the caller's.
    """

    def __init__(
        self,
        config: EngineConfig,
        log_path: Path,
        *,
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "neufs_tui.engine.worker"),
    ) -> None:
        """Keep what the engine needs; nothing is started yet.

        Args:
            config: what the engine begins with.
            log_path: file that takes what the engine prints, appended to.
            command: program and arguments of the engine; the pipe's descriptor is added.
        """
        self._config = config
        self._log_path = log_path
        self._command = command
        self._changed = threading.Condition()
        """Guards what both threads of this class and the caller's touch: the four below."""
        self._connection: Connection | None = None
        self._unsent: list[EngineConfig | Request] = []
        self._focus: Focus | None = None
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._deaths = 0
        self._threads: list[threading.Thread] = []

    @property
    def process_id(self) -> int | None:
        """Process id of the running engine, or None."""
        return self._process.pid if self._process is not None else None

    def start(self, listener: Callable[[Event], None]) -> None:
        """Start the engine and tell the listener each of its events."""
        self._spawn()
        self._threads = [
            threading.Thread(target=self._listen, args=(listener,), name="engine-ear", daemon=True),
            threading.Thread(target=self._speak, name="engine-mouth", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, request: Request) -> None:
        """Pass a request on without waiting; a newer focus replaces one not passed on yet.

        The last focus is sent again to an engine that had to be started anew.
        """
        with self._changed:
            if isinstance(request, Focus):
                self._focus = request
                self._unsent = [other for other in self._unsent if not isinstance(other, Focus)]
            self._unsent.append(request)
            self._changed.notify()

    def stop(self) -> None:
        """Ask the engine to finish its batch; end it when it takes too long."""
        self._stopping = True
        self.send(Stop())
        if self._process is not None:
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with self._changed:
            self._closed = True
            self._changed.notify()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def _spawn(self) -> None:
        ours, theirs = Pipe()
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # signals of the terminal are the app's to handle
            )
        theirs.close()
        with self._changed:
            self._connection = ours
            self._unsent = [self._config]
            if self._focus is not None:
                self._unsent.append(self._focus)
            if self._stopping:
                self._unsent.append(Stop())
            self._changed.notify()

    def _speak(self) -> None:
        """Send what is unsent; a pipe that is full holds up this thread only."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or (self._connection is not None and self._unsent)
                )
                if self._closed:
                    return
                connection, unsent = self._connection, self._unsent
                self._unsent = []
            assert connection is not None
            try:
                for request in unsent:
                    connection.send(request)
            except OSError:
                # the engine is gone: the listener sees it too, and starts it anew
                logger.info("the engine did not hear %d requests", len(unsent))

    def _listen(self, listener: Callable[[Event], None]) -> None:
        while True:
            event = self._receive()
            if event is None or (isinstance(event, EngineFailed) and event.out_of_memory):
                died = self._bury(event)
                if self._stopping:
                    return
                listener(died)
                if not died.restarting:
                    return
                self._spawn()
                continue
            if isinstance(event, Ranked):
                self._deaths = 0
            listener(event)
            if isinstance(event, EngineFailed):
                self._bury(event)
                return

    def _receive(self) -> Event | None:
        """The next event, or None when the engine is gone."""
        connection = self._connection
        assert connection is not None
        try:
            event: Event = connection.recv()
        except (EOFError, ConnectionResetError):
            return None
        return event

    def _bury(self, failure: EngineFailed | None) -> EngineDied:
        """Collect the dead process and decide on a restart."""
        with self._changed:
            connection, self._connection = self._connection, None
        assert connection is not None and self._process is not None
        connection.close()
        code = self._process.wait()
        self._deaths += 1
        if failure is not None:
            reason = failure.message
        elif code < 0:
            reason = f"the engine was killed by {signal.Signals(-code).name}"
        else:
            reason = f"the engine stopped with exit code {code}"
        safer = ""
        if failure is not None or code == -signal.SIGKILL:
            # the system kills the largest process when memory runs out
            self._config = replace(self._config, batch_halvings=self._config.batch_halvings + 1)
            safer = "with smaller batches"
        return EngineDied(reason=reason, restarting=self._deaths < MAX_DEATHS, safer=safer)
