"""What a pool changes in the session that holds it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from neufs_tui.core.records import ExampleId
from neufs_tui.storage.pool import Pool
from neufs_tui.storage.session_file import open_session_file, translated
from neufs_tui.storage.session_rows import ExampleRow, changed_rows, known_rows
from neufs_tui.storage.stored_json import PoolRecord

_PART = 1000
"""Rows written together: some ten milliseconds, in which no key is answered."""


@dataclass(frozen=True, slots=True)
class PoolChanges:
    """What is to be written."""

    record: PoolRecord
    """The pool, once all is."""
    rows: Sequence[ExampleRow]
    """New texts, and known ones whose place or fields are others now."""
    gone: Sequence[ExampleId]
    """Texts that are no longer in the pool."""

    def parts(self) -> Iterator[tuple[PoolRecord, Sequence[ExampleRow], Sequence[ExampleId]]]:
        """What is written together, and what the pool is called then.

        Before the last part it is called so that no file is taken for it.
        """
        partly = replace(self.record, sha256="")
        n_rows = max(len(self.rows), len(self.gone))
        for start in range(0, n_rows, _PART):
            end = start + _PART
            yield partly, self.rows[start:end], self.gone[start:end]
        yield self.record, (), ()


def pool_changes(path: Path, pool: Pool, check: Callable[[], None] = lambda: None) -> PoolChanges:
    """Compare a pool with what a session file holds, beside the process's own session.

    Args:
        path: the session file.
        pool: the pool as it is now.
        check: called for each example; what it raises ends it.

    Raises:
        SessionError: the file cannot be read.
    """
    with closing(open_session_file(path, write=False)) as file, translated(path):
        known = known_rows(file.db)
        rows = tuple(changed_rows(known, pool.examples, check))
    return PoolChanges(pool_record(pool), rows, tuple(known))


def pool_record(pool: Pool) -> PoolRecord:
    """What a session keeps of a pool beside its examples."""
    ids = "".join(example.id for example in pool.examples)
    return PoolRecord(
        name=Path(pool.source).name,
        sha256=pool.sha256,
        text_field=pool.text_field,
        examples=blake2b(ids.encode(), digest_size=16).hexdigest(),
        encoding=pool.encoding,
    )
