"""Batch sizes that worked where larger ones did not, remembered from one run to the next."""

from __future__ import annotations

from pathlib import Path

from neufs_tui.remembered import Remembered

_MORE_MEMORY = 1.5
"""With this much more free memory than when a larger size failed, that may be tried again."""


class BatchSizes:
    """The largest batch with which each model went on after running out of memory."""

    def __init__(self, path: Path) -> None:
        """Bind the file; it need not be there."""
        self._remembered = Remembered(path)

    def limit(self, model: str, free_bytes: int) -> int | None:
        """Tokens of a batch that fits, or None where nothing is known against any size.

        Args:
            model: identifies the model and its device.
            free_bytes: memory that is free now.
        """
        match self._remembered.all().get(model):
            case {"tokens": int(tokens), "free_bytes": int(then)}:
                return tokens if free_bytes <= _MORE_MEMORY * then else None
        return None

    def remember(self, model: str, tokens: int, free_bytes: int) -> None:
        """Note a size that works, after a larger one did not.

        Args:
            model: identifies the model and its device.
            tokens: the size of a batch that was read.
            free_bytes: memory that was free before the scan.
        """
        self._remembered.add({model: {"tokens": tokens, "free_bytes": free_bytes}})
