"""What was read of the check examples in earlier runs, by number of labels."""

from __future__ import annotations

from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.records import ModelIdentity
from neufs_tui.storage.session_file import SessionFile
from neufs_tui.storage.stored_json import checks_from_json, checks_to_json, to_json

_EVERY = 64
"""Labels up to which each number of them keeps its readings; of twice as many every second does,
and so on, since all readings of a long session would be most of its file."""
_TASK = (
    "(select coalesce(min(id), 0) from tasks "
    "where task = (select task from tasks order by id desc limit 1))"
)
"""The first time that what is asked now was asked."""
_OF = f"where model = ? and task = {_TASK}"


class KeptChecks:
    """The readings of one session, each under the model and the task that they are of."""

    def __init__(self, file: SessionFile) -> None:
        """Bind an open file."""
        self._file = file

    def of(self, model: ModelIdentity | None) -> dict[int, ChecksRead]:
        """By number of labels, what a model made of the task that was kept last.

        Args:
            model: None for readings of a model that was not known.
        """
        rows = self._file.db.execute(f"select n_labels, readings from checks {_OF}", [_key(model)])
        read = {n: checks_from_json(text) for n, text in rows}
        return {n: one for n, one in read.items() if one is not None}

    def keep(self, read: ChecksRead, model: ModelIdentity | None) -> None:
        """Store readings in the place of those with as many labels.

        They can be read again, so nobody waits until they are on disk.

        Raises:
            SessionError: they could not be stored.
        """
        with self._file.transaction(durable=False) as db:
            db.execute(
                "insert or replace into checks(model, task, n_labels, readings) "
                f"values (?, {_TASK}, ?, ?)",
                [_key(model), read.n_labels, checks_to_json(read)],
            )
            numbers = db.execute(f"select n_labels from checks {_OF}", [_key(model)]).fetchall()
            gone = [n for (n,) in numbers if n < read.n_labels and not _stays(n)]
            delete = f"delete from checks {_OF} and n_labels = ?"
            db.conn.executemany(delete, [[_key(model), n] for n in gone])


def _key(model: ModelIdentity | None) -> str:
    return to_json(model) if model is not None else ""


def _stays(n_labels: int) -> bool:
    step = 1
    while n_labels >= _EVERY * step:
        step *= 2
    return n_labels % step == 0
