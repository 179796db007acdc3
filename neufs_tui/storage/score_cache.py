"""Label scores behind a set of demonstrations, kept so that an evaluation goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from neufs_tui.core.records import ExampleId
from neufs_tui.storage.cache_file import CacheFile

Scores = NDArray[np.float32]
"""Mean log-probability of each label's tokens, shape (n_labels,)."""

_COLUMNS = {"id": str, "scores": bytes}
_DTYPE = np.dtype("<f4")


class ScoreCache:
    """Scores of texts behind one set of demonstrations, by one model and prompt."""

    def __init__(self, folder: Path, key: Mapping[str, str]) -> None:
        """Bind the file; a damaged one is set aside and begun anew.

        Args:
            folder: where caches are kept, made when there is none.
            key: everything that shapes a score besides the text.
        """
        digest = blake2b(json.dumps(dict(key), sort_keys=True).encode(), digest_size=16)
        path = folder / f"{digest.hexdigest()}.db"
        self._file = CacheFile(path, key, table="scores", columns=_COLUMNS)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def put(self, batch: Sequence[tuple[ExampleId, Scores]]) -> None:
        """Store a batch, all of it or nothing.

        Raises:
            NeufsError: it could not be stored.
        """
        rows = [(one, scores.astype(_DTYPE).tobytes()) for one, scores in batch]

        def insert(db: Database) -> None:
            with db.atomic():
                db.conn.executemany("insert or replace into scores values (?, ?)", rows)

        self._file.run(insert)

    def all(self) -> dict[ExampleId, Scores]:
        """Everything there is; arrays are for reading only.

        Raises:
            NeufsError: the file could not be read.
        """
        rows = self._file.run(lambda db: db.execute("select id, scores from scores").fetchall())
        return {one: np.frombuffer(scores, dtype=_DTYPE) for one, scores in rows}
