"""The app's side of the engine: starts the process, listens, and starts it again when it dies."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from neufs_tui.engine.place import Place
from neufs_tui.engine.protocol import (
    EngineConfig,
    EngineDied,
    EngineFailed,
    Event,
    Focus,
    Request,
    Rescored,
    ScanProgressed,
)
from neufs_tui.engine.starting import Running, Started, Starter
from neufs_tui.engine.wire import Quit, Shortener, Stay
from neufs_tui.errors import EngineError

logger = logging.getLogger(__name__)

MAX_DEATHS = 3
"""Deaths without progress between them after which the engine is not started again."""
MAX_HALVINGS = 5
"""Halvings of the batches after which memory is not what the engine dies of."""
_STOP_SECONDS = 0.25
"""For the engine to store what it has read, which takes a few milliseconds."""


class EngineClient:
    """Owns the engine process.

    The listener is called from a thread of this class; everything else belongs to the caller's.
    """

    def __init__(
        self,
        config: EngineConfig,
        log_path: Path,
        *,
        place: Place | None = None,
        stay_s: float = 0.0,
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "neufs_tui.engine.process"),
    ) -> None:
        """Keep what the engine needs; nothing is started yet.

        Args:
            config: what the engine begins with.
            log_path: file that takes what the engine prints, appended to.
            place: where an engine may be that an earlier app has left; None where none is.
            stay_s: seconds that the engine is to wait there for another app, should this one be
                gone without a word.
            command: program and arguments of the engine; its descriptors are added.
        """
        self._config = config
        self._stay_s = stay_s
        self._starter = Starter(command, log_path, place)
        self._changed = threading.Condition()
        """Guards what both threads of this class and the caller's touch: the five below."""
        self._sending = threading.Lock()
        """Held while a connection is written to, so that none is closed under the writer."""
        self._connection: Connection | None = None
        self._unsent: list[EngineConfig | Request] = []
        self._focus: Focus | None = None
        self._closed = False
        self._engine: Running | None = None
        self._is_heard = False
        """Whether an engine has said anything; before, it has nothing to store."""
        self._deaths = 0
        self._n_scanned = 0
        """The most examples that an engine has told of."""
        self._n_demonstrations = 0
        """The most labels behind which an engine has reread all there was to reread."""
        self._threads: list[threading.Thread] = []

    @property
    def process_id(self) -> int | None:
        """Process id of the running engine, or None."""
        return self._engine.pid if self._engine is not None else None

    def start(self, listener: Callable[[Event], None]) -> None:
        """Start the engine, or go on with one that was left; tell the listener each of its events.

        Raises:
            EngineError: the system does not start it.
        """
        found = self._starter.find()
        if found is None:
            self._spawn()
        else:
            with self._changed:
                self._begin(found)
        self._threads = [
            threading.Thread(target=self._listen, args=(listener,), name="engine-ear", daemon=True),
            threading.Thread(target=self._speak, name="engine-mouth", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, request: Request) -> None:
        """Pass a request on without waiting; a newer focus takes the place of one not sent yet.

        The last focus is sent again to an engine that had to be started anew.
        """
        with self._changed:
            if isinstance(request, Focus):
                self._focus = request
            self._say(request)

    def update(self, config: EngineConfig) -> None:
        """Have the engine go on with another configuration, without waiting.

        The model stays loaded where it is the same, and what is scanned is not read again. The
        engine tells of its model and its scan anew, and ranks for the last focus.
        """
        with self._changed:
            self._config = replace(config, batch_halvings=self._config.batch_halvings)
            self._say(self._config)

    def _say(self, said: EngineConfig | Request) -> None:
        """Have something sent; a question stays behind the focus that it came after."""
        kinds = [type(other) for other in self._unsent]
        if isinstance(said, EngineConfig | Focus) and type(said) in kinds:
            self._unsent[kinds.index(type(said))] = said
        else:
            self._unsent.append(said)
        self._changed.notify()

    def stop(self) -> None:
        """Have the engine leave its batch and end; end it if it does not."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if isinstance(self._engine, Started) and not self._is_heard:
            self._engine.kill()  # it may not even read what is being sent
        ear, mouth = self._threads or (None, None)
        if mouth is not None:
            mouth.join(_STOP_SECONDS)
        with self._changed:
            if self._connection is not None:
                _hang_up(self._connection)
        if ear is not None:  # it waits for the process
            ear.join(_STOP_SECONDS)
        if self._engine is not None:
            self._engine.kill()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def _spawn(self) -> None:
        """Start a process, unless the client was stopped.

        Raises:
            EngineError: the system does not start one.
        """
        with self._changed:
            if not self._closed:
                self._begin(self._starter.start())

    def _begin(self, engine: Running) -> None:
        """Tell an engine what it is to do."""
        self._engine, self._connection = engine, engine.connection
        self._unsent = [self._config]
        if self._focus is not None:
            self._unsent.append(self._focus)
        self._changed.notify()

    def _speak(self) -> None:
        """Send what is unsent; a pipe that is full holds up this thread only."""
        shortener, spoken_to = Shortener(), None
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or (self._connection is not None and self._unsent)
                )
                connection, unsent = self._connection, self._unsent
                self._unsent = []
                closed = self._closed
            if connection is None:
                return
            try:
                with self._sending:
                    if connection is not spoken_to:
                        shortener, spoken_to = Shortener(), connection
                        connection.send(Stay(self._stay_s))
                    if closed:
                        connection.send(Quit())
                        return
                    for said in unsent:
                        connection.send(shortener.shorten(said))
            except OSError:
                # the engine is gone: the listener sees it too, and starts it anew
                logger.info("the engine did not hear %d requests", len(unsent))
                if closed:
                    return

    def _listen(self, listener: Callable[[Event], None]) -> None:
        while True:
            event = self._receive()
            if event is None or (isinstance(event, EngineFailed) and event.out_of_memory):
                died = self._bury(event)
                if self._closed:
                    return
                listener(died)
                if not died.restarting:
                    return
                try:
                    self._spawn()
                except EngineError as error:
                    listener(EngineDied(error.message, restarting=False))
                    return
                if self._connection is None:  # stopped meanwhile
                    return
                continue
            self._is_heard = True
            if self._is_progress(event):
                self._deaths = 0
            if not self._closed:
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
        except (EOFError, OSError):  # between two events, or in the middle of one
            return None
        return event

    def _is_progress(self, event: Event) -> bool:
        """Whether an engine got farther than any before it.

        Only what must end counts: a ranking comes after each start, also of an engine that dies
        of what it does next.
        """
        match event:
            case ScanProgressed() if event.done > self._n_scanned:
                self._n_scanned = event.done
            case Rescored() if (
                event.done == event.total and event.n_demonstrations > self._n_demonstrations
            ):
                self._n_demonstrations = event.n_demonstrations
            case _:
                return False
        return True

    def _bury(self, failure: EngineFailed | None) -> EngineDied:
        """Collect the dead process and decide on a restart."""
        assert self._engine is not None
        code = self._engine.wait()
        with self._changed:
            connection, self._connection = self._connection, None
        assert connection is not None
        _hang_up(connection)
        with self._sending:
            connection.close()
        self._deaths += 1
        if failure is not None:
            reason = failure.message
        elif code is None:
            reason = "the engine is gone"
        elif code < 0:
            reason = f"the engine was killed by {signal.Signals(-code).name}"
        else:
            reason = f"the engine stopped with exit code {code}"
        safer = ""
        # the system kills the largest process when memory runs out
        may_be_memory = failure is not None or code in (None, -signal.SIGKILL)
        with self._changed:
            n_halvings = self._config.batch_halvings
            if may_be_memory and n_halvings < MAX_HALVINGS:
                self._config = replace(self._config, batch_halvings=n_halvings + 1)
                safer = "with smaller batches"
        return EngineDied(reason=reason, restarting=self._deaths < MAX_DEATHS, safer=safer)


def _hang_up(connection: Connection) -> None:
    """End a pipe for both sides at once, also for a thread that is reading from it."""
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            logger.info("the engine hung up first: %s", error)
