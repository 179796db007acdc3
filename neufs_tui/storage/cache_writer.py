"""A thread that writes captures, so that the model never waits for the disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import Queue

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.errors import NeufsError
from neufs_tui.storage.activations import ActivationCache, CacheSource

Batch = Sequence[tuple[ExampleId, Capture]]

_WAITING = 2
"""Batches that may wait for the disk; with more, whoever brings them waits too."""


class CacheWriter:
    """Writes batches in the order in which they come, through a connection of its own."""

    def __init__(self, source: CacheSource) -> None:
        """Start the thread.

        Args:
            source: the cache to write to.
        """
        self._source = source
        self._queue: Queue[Batch | None] = Queue(_WAITING)
        self._failure: NeufsError | None = None
        self._thread = threading.Thread(target=self._work, name="cache-writer", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hand over a batch.

        Raises:
            NeufsError: an earlier batch could not be stored.
        """
        self._raise_failure()
        self._queue.put(batch)

    def flush(self) -> None:
        """Wait until everything is on disk.

        Raises:
            NeufsError: a batch could not be stored.
        """
        self._queue.join()
        self._raise_failure()

    def close(self) -> None:
        """Write what is waiting and end the thread; it may be called again."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        cache: ActivationCache | None = None
        while (batch := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    cache = cache or self._source.open()
                    cache.put(batch)
            except NeufsError as error:
                self._failure = error
            finally:
                self._queue.task_done()
        self._queue.task_done()
        if cache is not None:
            cache.close()
