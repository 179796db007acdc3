"""The engine's end of the pipe: what the app says is taken in at once, whatever the model does."""

from __future__ import annotations

import logging
import threading
from collections import deque
from multiprocessing.connection import Connection

from neufs_tui.engine.protocol import EngineConfig, Event, Request
from neufs_tui.engine.wire import Quit, Restorer, Stay

logger = logging.getLogger(__name__)


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

    def send(self, event: Event) -> None:
        """Tell the app; what is said to one that has hung up is lost."""
        if self._app is None:
            return
        try:
            with self._sending:
                self._app.send(event)
        except OSError as error:
            logger.debug("nobody hears: %s", error)
