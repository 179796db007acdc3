"""The engine's end of the pipe: what the app says is taken in at once, whatever the model does."""

from __future__ import annotations

import logging
import threading
from collections import deque
from multiprocessing.connection import Connection

from neufs_tui.engine.protocol import (
    EngineConfig,
    Event,
    ModelReady,
    Noticed,
    Ranked,
    Request,
    Rescored,
    ScanProgressed,
    Stage,
)
from neufs_tui.engine.wire import Quit, Restorer, Stay

logger = logging.getLogger(__name__)

_STANDING = (Stage, ModelReady, Noticed, ScanProgressed, Rescored, Ranked)
"""What holds until it is said anew."""


class Line:
    """What was said and is not taken yet, and the pipe to answer on.

    One thread listens; everything else belongs to the one that works.
    """

    def __init__(self) -> None:
        """Begin without an app."""
        self._changed = threading.Condition()
        self._said: deque[tuple[Connection, EngineConfig | Request]] = deque()
        self._sending = threading.Lock()
        """Held while a pipe is written to, so that none is closed under the writer."""
        self._stay_s = 0.0
        self._app: Connection | None = None
        """Whose configuration was taken last: nobody else is to hear what was made of it."""
        self._config: EngineConfig | None = None
        self._standing: dict[type, Event] = {}
        """What was last said about that configuration."""

    def listen(self, app: Connection) -> float:
        """Take in all that an app says, until it hangs up or quits; then the pipe is closed.

        Returns:
            Seconds to wait for the next app: none if this one has quit.
        """
        restorer = Restorer()
        while True:
            try:
                sent = app.recv()
            except (EOFError, OSError):
                break
            if isinstance(sent, Quit):
                self._stay_s = 0.0
                break
            if isinstance(sent, Stay):
                self._stay_s = sent.seconds
                continue
            said = restorer.restore(sent)
            if isinstance(said, EngineConfig):
                self._resume(app, said)
            with self._changed:
                self._said.append((app, said))
                self._changed.notify()
        with self._sending:
            app.close()
        return self._stay_s

    @property
    def has_news(self) -> bool:
        """Whether something was said that is not taken yet."""
        return bool(self._said)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until something is said; None waits as long as it takes."""
        with self._changed:
            self._changed.wait_for(lambda: self._said, seconds)

    def take(self) -> EngineConfig | Request | None:
        """What was said first of what is not taken yet; None when there is nothing."""
        if not self._said:
            return None
        app, said = self._said.popleft()
        if isinstance(said, EngineConfig):
            self._app = app
        return said

    def begin(self, config: EngineConfig) -> None:
        """From now on all that is said is about this configuration."""
        with self._sending:
            self._config, self._standing = config, {}

    def send(self, event: Event) -> None:
        """Tell the app; what is said to one that has hung up is lost."""
        with self._sending:
            if isinstance(event, _STANDING):
                self._standing[type(event)] = event
            self._tell(event)

    def _resume(self, app: Connection, wanted: EngineConfig) -> None:
        """Tell a new app at once what holds, if it wants what there is: a batch may take long."""
        with self._sending:
            if self._app is app or self._config is None or not wanted.wants_as(self._config):
                return
            self._app = app
            for kind in _STANDING:
                if kind in self._standing:
                    self._tell(self._standing[kind])

    def _tell(self, event: Event) -> None:
        if self._app is None:
            return
        try:
            self._app.send(event)
        except OSError as error:
            logger.debug("nobody hears: %s", error)
