"""The engine process as the labelling loop needs it; the engine's client is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from neufs_tui.engine.protocol import EngineConfig, Event, Request


class EngineProcess(Protocol):
    """Scans, ranks and explains beside whoever labels."""

    def start(self, listener: Callable[[Event], None]) -> None:
        """Start the process and return at once.

        Args:
            listener: called with every event, from another thread.

        Raises:
            EngineError: the system does not start it.
        """

    def send(self, request: Request) -> None:
        """Pass a request on; one sent before the engine can read it waits for it."""

    def update(self, config: EngineConfig) -> None:
        """Have the engine go on with another configuration, such as a pool that has grown.

        It tells of its model and its scan anew, and ranks for the last focus.
        """

    def stop(self) -> None:
        """Ask the engine to finish, and see to it that it does."""
