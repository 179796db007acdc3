"""The thread that looks at the pool's file now and then, and reads it again when that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from neufs_tui.app.messages import PoolChanged, PoolReread, RereadFailed
from neufs_tui.labelling.startup import Abandoned
from neufs_tui.labelling.workspace import Workspace

if TYPE_CHECKING:
    from neufs_tui.core.records import ExampleId
    from neufs_tui.labelling.pool_file import PoolNow

_LOOK_S = 2.0
"""Seconds between two looks."""
_PATIENCE_S = 0.2
"""For a look into the session to end, which holds up the settling of its file."""


class Rereads(Protocol):
    """What the thread runs; `labelling/pool_file.py` has the real one."""

    def has_changed(self) -> bool:
        """Whether the file holds something else than what was read."""

    def read(self, now: Workspace, shown: ExampleId | None, check: Callable[[], None]) -> PoolNow:
        """The pool as the file is now; raises NeufsError, and what `check` raises."""


class PoolWatch:
    """Owns the file; tells what it finds in messages."""

    def __init__(self, file: Rereads, post: Callable[[Message], object]) -> None:
        """Bind the file.

        Args:
            file: the pool's.
            post: takes messages, from the thread.
        """
        self._file = file
        self._post = post
        self._changed = Condition()
        """Guards the three below."""
        self._wanted: tuple[Workspace, ExampleId | None] | None = None
        self._is_busy = False
        """Whether it was read, or is being read, and that is not taken in yet."""
        self._is_stopped = False
        self._is_told = False
        """Whether it was told that the file has changed since it was read."""
        self._thread = Thread(target=self._work, name="pool-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def read(self, now: Workspace, shown: ExampleId | None) -> bool:
        """Have the file read.

        Args:
            now: the pool that is labelled.
            shown: the example before the annotator.

        Returns:
            Whether it will be; it is not while what was read before is still to be taken in.
        """
        with self._changed:
            if self._is_busy:
                return False
            self._wanted, self._is_busy = (now, shown), True
            self._changed.notify()
        return True

    def done(self) -> None:
        """What was read is taken in, or will not be."""
        with self._changed:
            self._is_busy = False

    def stop(self) -> None:
        """End soon."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE_S)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopped or self._wanted, _LOOK_S)
                wanted, self._wanted = self._wanted, None
                if self._is_stopped:
                    return
            if wanted is not None:
                self._read(*wanted)
            elif not self._is_told and self._file.has_changed():
                self._is_told = True
                self._post(PoolChanged())

    def _read(self, now: Workspace, shown: ExampleId | None) -> None:
        try:
            read = self._file.read(now, shown, self._check)
        except Abandoned:
            return
        except Exception as error:  # the app tells it, or ends with it
            self._post(RereadFailed(error))
        else:
            self._is_told = False
            self._post(PoolReread(read))

    def _check(self) -> None:
        if self._is_stopped:
            raise Abandoned
