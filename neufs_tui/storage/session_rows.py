"""The session file's queries: values go in and come out, rows stay here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from neufs_tui import __version__
from neufs_tui.core.explanation import Explanation
from neufs_tui.core.history import HistoryEvent
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Example, ExampleId, Pick, Task
from neufs_tui.storage.journal import EventKind, JournalEvent
from neufs_tui.storage.row_json import fields_from_json, fields_to_json
from neufs_tui.storage.stored_json import (
    answer_from_json,
    model_from_json,
    panel_from_json,
    pick_from_json,
    task_from_json,
    to_json,
)

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sqlite_utils import Database

ExampleRow = tuple[ExampleId, str, str, str, int]
"""Id, text, the row's own id and its other fields as JSON, and its place in the file."""

_MERGE = """
insert into examples(id, text, source_id, fields, "row", in_pool) values (?, ?, ?, ?, ?, 1)
on conflict(id) do update set
    source_id = excluded.source_id, fields = excluded.fields, "row" = excluded."row", in_pool = 1
"""
_IN_POOL = 'select id, source_id, fields, "row" from examples where in_pool'
_APPEND = """
insert into events(
    seq, kind, example_id, answer, is_check, hunted, page, place, note, at, seconds, pick, model,
    version, looked, shown, given, task
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (select max(id) from tasks))
"""
_LABELLED = """
select events.seq, events.answer, events.pick, events.seconds, events.model, events.looked,
    events.shown, events.is_check, events.hunted, events.given, events.task,
    examples.id, examples.text, examples."row", examples.source_id, examples.fields
from events join examples on examples.id = events.example_id
where events.kind = 'label' and events.seq > ? order by events.seq
"""
_HISTORY = """
select events.seq, events.kind, events.answer, events.at, events.seconds, events.pick,
    events.looked, events.shown, events.is_check, events.hunted, events.page, events.place,
    events.note, events.given,
    examples.id, examples.text, examples."row", examples.source_id, examples.fields
from events join examples on examples.id = events.example_id order by events.seq
"""
_LAST_PICK = """
select pick, model from events where example_id = ? and kind in ('label', 'skip', 'accept')
order by seq desc limit 1
"""


def merge_examples(
    db: Database, examples: Iterable[Example], check: Callable[[], None] = lambda: None
) -> None:
    """Make these the pool; others stay, out of it. Writes what changed, inside a transaction.

    Args:
        db: the session.
        examples: the pool.
        check: called for each; what it raises ends the merge.
    """
    known = known_rows(db)
    put_rows(db, changed_rows(known, examples, check))
    leave_pool(db, known)


def known_rows(db: Database) -> dict[ExampleId, int]:
    """The pool's examples, each with a digest of all of its row but the text."""
    return {row[0]: hash(row[1:]) for row in db.execute(_IN_POOL)}


def changed_rows(
    known: dict[ExampleId, int], examples: Iterable[Example], check: Callable[[], None]
) -> Iterator[ExampleRow]:
    """Rows of examples that are not known as they are; each that is seen leaves `known`."""
    for e in examples:
        check()
        source_id, fields = json.dumps(e.source_id), fields_to_json(e.fields)
        if known.pop(e.id, None) != hash((source_id, fields, e.row)):
            yield e.id, e.text, source_id, fields, e.row


def put_rows(db: Database, rows: Iterable[ExampleRow]) -> None:
    """Have these in the pool, as they are. Inside a transaction."""
    db.conn.executemany(_MERGE, rows)


def leave_pool(db: Database, ids: Iterable[ExampleId]) -> None:
    """Have these no longer in the pool; their decisions stay. Inside a transaction."""
    db.conn.executemany("update examples set in_pool = 0 where id = ?", [[one] for one in ids])


def ids_in_pool(db: Database) -> frozenset[ExampleId]:
    """Ids of the pool's examples."""
    return frozenset(row[0] for row in db.execute("select id from examples where in_pool"))


def append_event(
    db: Database,
    event: JournalEvent,
    *,
    pick: Pick | None = None,
    seconds: float | None = None,
    looked: bool = False,
    shown: bool | None = None,
) -> None:
    """Add one line to the journal, dated now, under the task kept last. Inside a transaction."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    model = pick.model if pick else None
    bare = replace(pick, model=None) if pick else None  # the model has a column of its own
    numbers = (bare and to_json(bare), model and to_json(model))
    row = (
        event.seq,
        event.kind,
        event.example_id,
        event.answer and to_json(event.answer),
        event.check,
        event.hunted,
        event.page,
        event.place,
        event.note or None,
        at,
        seconds,
        *numbers,
        __version__,
        looked,
        shown,
        event.given or None,
    )
    db.execute(_APPEND, row)


def read_events(db: Database | Connection) -> list[JournalEvent]:
    """The whole journal."""
    rows = db.execute(
        "select seq, kind, example_id, answer, is_check, hunted, page, place, note, given "
        "from events order by seq"
    )
    return [
        JournalEvent(
            seq,
            EventKind(kind),
            example_id,
            answer and answer_from_json(answer),
            bool(is_check),
            bool(hunted),
            page,
            place,
            note or "",
            given or "",
        )
        for seq, kind, example_id, answer, is_check, hunted, page, place, note, given in rows
    ]


def last_time(db: Database) -> str | None:
    """When the journal's last line was added; None while it is empty."""
    row = db.execute("select at from events order by seq desc limit 1").fetchone()
    return f"{datetime.fromisoformat(row[0]):%Y-%m-%d %H:%M:%S} UTC" if row else None


def read_labelled(db: Database, *, after: int) -> tuple[LabelledExample, ...]:
    """The labels given in the journal's lines behind a number, those undone since included."""
    rows = db.execute(_LABELLED, [after]).fetchall()
    tasks = {task: task_from_json(text) for task, text in db.execute("select id, task from tasks")}
    return tuple(
        LabelledExample(
            example=Example(example_id, text, row, json.loads(source_id), fields_from_json(fields)),
            answer=answer_from_json(answer),
            seq=seq,
            pick=_pick(pick, model),
            seconds=seconds,
            looked=bool(looked),
            shown=bool(shown),
            check=bool(is_check),
            hunted=bool(hunted),
            task=tasks.get(task),
            given=given or "",
        )
        for (
            seq, answer, pick, seconds, model, looked,
            shown, is_check, hunted, given, task, example_id, text, row, source_id, fields,
        ) in rows
    )  # fmt: skip


def read_history(db: Database) -> tuple[HistoryEvent, ...]:
    """The whole journal, with what was known when each line was written."""
    return tuple(
        _history_event(
            pick and pick_from_json(pick),
            seq=seq,
            kind=kind,
            example=Example(example_id, text, row, json.loads(source_id), fields_from_json(fields)),
            answer=answer and answer_from_json(answer),
            at=at,
            seconds=seconds,
            looked=bool(looked),
            shown=bool(shown),
            check=bool(is_check),
            hunted=bool(hunted),
            page=page,
            place=place,
            note=note or "",
            given=given or "",
        )
        for (
            seq, kind, answer, at, seconds, pick, looked, shown, is_check, hunted, page, place,
            note, given, example_id, text, row, source_id, fields,
        ) in db.execute(_HISTORY)
    )  # fmt: skip


def last_pick(db: Database, example_id: ExampleId) -> Pick | None:
    """Why the example was shown when it was last decided, undone or not."""
    row = db.execute(_LAST_PICK, [example_id]).fetchone()
    return _pick(*row) if row else None


def keep_task(db: Database, task: Task) -> None:
    """Store what is asked from here on, unless it is what was asked. Inside a transaction."""
    last = db.execute("select task from tasks order by id desc limit 1").fetchone()
    if last is None or last[0] != to_json(task):
        db.execute("insert into tasks(task) values (?)", [to_json(task)])


def keep_panel(db: Database, seq: int, panel: Explanation) -> None:
    """Store what the panel says of the decision in a line of the journal."""
    db.execute("insert or replace into panels(seq, panel) values (?, ?)", [seq, to_json(panel)])


def read_panel(db: Database, seq: int) -> Explanation | None:
    """What the panel said of the decision in a line of the journal."""
    row = db.execute("select panel from panels where seq = ?", [seq]).fetchone()
    return panel_from_json(row[0]) if row else None


def _history_event(pick: Pick | None, **known: Any) -> HistoryEvent:
    reason = pick.reason if pick else None
    return HistoryEvent(
        **known,
        model_answer=pick.answer if pick else None,
        chosen_by=reason.strategy if reason else None,
    )


def _pick(pick: str | None, model: str | None) -> Pick | None:
    """A pick with the model whose numbers it holds."""
    read = pick_from_json(pick) if pick else None
    return replace(read, model=model_from_json(model) if model else None) if read else None
