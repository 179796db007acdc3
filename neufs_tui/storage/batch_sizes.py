"""Batch sizes that worked where larger ones did not, remembered from one run to the next."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TypedDict

logger = logging.getLogger(__name__)

_MORE_MEMORY = 1.5
"""With this much more free memory than when a larger size failed, that may be tried again."""


class _Limit(TypedDict):
    tokens: int
    free_bytes: int


class BatchSizes:
    """The largest batch with which each model went on after running out of memory."""

    def __init__(self, path: Path) -> None:
        """Bind the file; it need not be there."""
        self._path = path

    def limit(self, model: str, free_bytes: int) -> int | None:
        """Tokens of a batch that fits, or None where nothing is known against any size.

        Args:
            model: identifies the model and its device.
            free_bytes: memory that is free now.
        """
        known = self._read().get(model)
        if known is None or free_bytes > _MORE_MEMORY * known["free_bytes"]:
            return None
        return known["tokens"]

    def remember(self, model: str, tokens: int, free_bytes: int) -> None:
        """Note a size that works, after a larger one did not.

        Args:
            model: identifies the model and its device.
            tokens: the size of a batch that was read.
            free_bytes: memory that was free before the scan.
        """
        limits = self._read() | {model: _Limit(tokens=tokens, free_bytes=free_bytes)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(json.dumps(limits))
        fresh.replace(self._path)

    def _read(self) -> dict[str, _Limit]:
        try:
            found = json.loads(self._path.read_text())
            return {
                str(model): _Limit(tokens=int(limit["tokens"]), free_bytes=int(limit["free_bytes"]))
                for model, limit in found.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            logger.warning("the batch sizes in %s are forgotten: %s", self._path, error)
            return {}
