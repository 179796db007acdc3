"""Facts that cross threads or screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from neufs_tui.engine.protocol import Downloaded, Event, ScanProgressed
from neufs_tui.labelling.startup import Opened

if TYPE_CHECKING:
    from neufs_tui.labelling.pool_file import PoolNow
    from neufs_tui.project.first_text import FirstText


@dataclass
class TextFound(Message):
    """There is a text to show; the pool is still being read."""

    first: FirstText


@dataclass
class PoolRead(Message):
    """The pool is in memory and its session open."""

    opened: Opened


@dataclass
class PoolChanged(Message):
    """The pool's file holds something else than what was read."""


@dataclass
class PoolReread(Message):
    """The pool's file was read again; it is still to be taken in."""

    now: PoolNow


@dataclass
class RereadFailed(Message):
    """It could not be read; nothing has changed."""

    error: Exception


@dataclass
class StartupFailed(Message):
    """There is nothing to label."""

    error: Exception


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
