"""The activation cache: what the model did with each text, kept so that it is never done twice.

Everything in it can be made again, so a damaged file is set aside and a new one begun. One
connection, used on the thread that opened it; other processes may use the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from sqlite_utils import Database

from neufs_tui.core.model_shape import ModelShape
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.storage.cache_file import CacheFile
from neufs_tui.storage.capture_rows import COLUMNS, CaptureRows

CAPTURE_VERSION = 5
"""Raised whenever the same settings capture other numbers, or the file is laid out anew."""

_CHUNK = 500
"""Ids in one query."""
_INSERT = f"insert or replace into captures values ({', '.join('?' * len(COLUMNS))})"


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Everything that shapes a capture besides the text: captures are shared where it is equal."""

    model: str
    """The model's fingerprint."""
    prompt: str
    """The prompt's fingerprint."""
    capture: CaptureSettings
    dtype: str
    version: int = CAPTURE_VERSION

    def parts(self) -> dict[str, str]:
        """Each part in text."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "capture": json.dumps(asdict(self.capture), sort_keys=True),
            "dtype": self.dtype,
            "version": str(self.version),
        }

    def file_name(self) -> str:
        """Name of the cache file, the same for equal keys."""
        text = json.dumps(self.parts(), sort_keys=True)
        return f"{blake2b(text.encode(), digest_size=16).hexdigest()}.db"


@dataclass(frozen=True, slots=True)
class CacheSource:
    """Where one cache is and what it holds; any thread may open it for itself."""

    folder: Path
    """Where caches are kept, made when there is none."""
    key: CacheKey
    shape: ModelShape
    """How the model's neurons are laid out."""

    def open(self) -> ActivationCache:
        """Open the cache, made when there is none; a damaged one is set aside as `.corrupt`.

        Raises:
            NeufsError: the file cannot be made or used.
        """
        return ActivationCache.open(self.folder, self.key, shape=self.shape)


class ActivationCache:
    """Captures of one model, prompt and setting, by example."""

    def __init__(self, file: CacheFile, rows: CaptureRows) -> None:
        """Bind a file; use `ActivationCache.open`."""
        self._file = file
        self._rows = rows

    @classmethod
    def open(cls, folder: Path, key: CacheKey, *, shape: ModelShape) -> ActivationCache:
        """Open a cache, made when there is none; a damaged one is set aside as `.corrupt`.

        Args:
            folder: where caches are kept, made when there is none.
            key: what the captures depend on.
            shape: how the model's neurons are laid out.

        Raises:
            NeufsError: the file cannot be made or used.
        """
        meta = key.parts() | {"shape": shape.to_text()}
        file = CacheFile(folder / key.file_name(), meta, table="captures", columns=COLUMNS)
        cache = cls(file, CaptureRows(shape))
        cache._file.run(lambda _: None)
        return cache

    def __enter__(self) -> ActivationCache:
        """Use it in a `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def path(self) -> Path:
        """The cache's file."""
        return self._file.path

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def put(self, batch: Sequence[tuple[ExampleId, Capture]]) -> None:
        """Store a batch, all of it or nothing; an example's earlier capture is replaced.

        Raises:
            NeufsError: it could not be stored.
        """
        rows = [self._rows.encode(example_id, capture) for example_id, capture in batch]

        def insert(db: Database) -> None:
            with db.atomic():
                db.conn.executemany(_INSERT, rows)

        self._file.run(insert)

    def get(self, ids: Sequence[ExampleId]) -> dict[ExampleId, Capture]:
        """The captures there are of these examples; their arrays are for reading only.

        Raises:
            NeufsError: the file could not be read.
        """
        return self._file.run(lambda db: dict(self._read(db, ids)))

    def known(self) -> set[ExampleId]:
        """Every example with a capture.

        Raises:
            NeufsError: the file could not be read.
        """
        return self._file.run(lambda db: {row[0] for row in db.execute("select id from captures")})

    def _read(self, db: Database, ids: Sequence[ExampleId]) -> Iterator[tuple[ExampleId, Capture]]:
        for start in range(0, len(ids), _CHUNK):
            chunk = list(ids[start : start + _CHUNK])
            marks = ", ".join("?" * len(chunk))
            query = f"select {', '.join(COLUMNS)} from captures where id in ({marks})"
            yield from self._rows.decode(db.execute(query, chunk).fetchall())
