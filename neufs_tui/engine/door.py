"""The engine's side of its place: whom it waits for once its app is gone, and how long."""

from __future__ import annotations

import logging
import os
import socket
import time
from multiprocessing.connection import Connection

from neufs_tui.engine.place import READY, Place

logger = logging.getLogger(__name__)

_LOOK_S = 5.0
"""Seconds between looks whether anybody can still come."""


class Door:
    """The socket that the next app comes to, and the lock beside it."""

    def __init__(self, place: Place, listener: int, lock: int) -> None:
        """Take over what the app has opened.

        Args:
            place: where the next app looks.
            listener: descriptor of the socket, bound and listening.
            lock: descriptor of the lock; the place is this process's while it is open.
        """
        for inherited in (listener, lock):
            os.set_inheritable(inherited, False)
        self._place = place
        self._listener = socket.socket(fileno=listener)
        self._lock = lock

    def wait(self, seconds: float) -> Connection | None:
        """The next app; None when none has come in that time, or none can come any more."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._listener.settimeout(min(left, _LOOK_S))
            try:
                accepted, _ = self._listener.accept()
            except TimeoutError:
                if self._can_be_found():
                    continue
                return None
            accepted.setblocking(True)
            app = Connection(accepted.detach())
            try:
                app.send_bytes(READY)
            except OSError as error:
                logger.info("somebody came and went: %s", error)
                app.close()
                continue
            return app
        return None

    def close(self) -> None:
        """Remove both files, unless they are another engine's by now."""
        if self._has_lock():
            self._place.socket_path.unlink(missing_ok=True)
            self._place.lock_path.unlink(missing_ok=True)

    def _can_be_found(self) -> bool:
        return (
            self._place.session.exists() and self._place.socket_path.exists() and self._has_lock()
        )

    def _has_lock(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._lock), self._place.lock_path.stat())
        except FileNotFoundError:
            return False
