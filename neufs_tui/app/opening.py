"""The thread that reads the pool and opens its session, beside the screen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from neufs_tui.app.messages import PoolRead, StartupFailed, TextFound
from neufs_tui.labelling.startup import Abandoned, Opened

if TYPE_CHECKING:
    from neufs_tui.project.first_text import FirstText

_PATIENCE_S = 0.2
"""For a session that is being brought up to date to be closed; else it is left as after a kill."""


class Reads(Protocol):
    """What the thread runs; `labelling/startup.py` has the real one."""

    def first_text(self) -> FirstText | None:
        """A text to show while the pool is read, or None."""

    def open(self) -> Opened:
        """The loop and its engine; raises NeufsError or Abandoned."""

    def stop(self) -> bool:
        """Let what runs end soon; whether it may have a session to close. From another thread."""


class Opening:
    """Runs a start-up on a thread that nobody has to wait for."""

    def __init__(self, startup: Reads, post: Callable[[Message], object]) -> None:
        """Bind what is run.

        Args:
            startup: reads and opens.
            post: takes messages, from the thread.
        """
        self._startup = startup
        self._post = post
        self.opened: Opened | None = None
        """What was opened; None until it is."""
        self._thread = Thread(target=self._work, name="startup", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; what was opened by then is in `opened`."""
        if self._startup.stop() and self._thread.ident is not None:
            self._thread.join(_PATIENCE_S)

    def _work(self) -> None:
        try:
            first = self._startup.first_text()
            if first is not None:
                self._post(TextFound(first))
            self.opened = self._startup.open()
        except Abandoned:
            return
        except Exception as error:  # the app tells it, or ends with it
            self._post(StartupFailed(error))
        else:
            self._post(PoolRead(self.opened))
