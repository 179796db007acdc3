"""Facts that cross threads or screens."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from neufs_tui.engine.protocol import Downloaded, Event, ScanProgressed
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.startup import OpenWorkspace


@dataclass
class PoolRead(Message):
    """The pool is in memory, and its session can be opened."""

    open_workspace: OpenWorkspace


@dataclass
class StartupFailed(Message):
    """There is nothing to label."""

    error: NeufsError


@dataclass
class EngineReported(Message):
    """The engine, or its client, has something to say."""

    event: Event

    def can_replace(self, message: Message) -> bool:
        """Progress replaces the progress before it."""
        return (
            isinstance(message, EngineReported)
            and isinstance(self.event, Downloaded | ScanProgressed)
            and type(message.event) is type(self.event)
        )
