"""What a session says at a glance, so that a text can be shown before anything else is done.

It opens nothing for writing and imports little. What cannot be seen so is said when it is opened.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from neufs_tui.core.records import DecisionKind, Example, ExampleId, Pick
from neufs_tui.errors import SessionError
from neufs_tui.storage.journal import fold
from neufs_tui.storage.session_rows import read_events
from neufs_tui.storage.settling import journal_of, uri_of
from neufs_tui.storage.stored_json import (
    PoolRecord,
    SessionSettings,
    pool_from_json,
    settings_from_json,
    shown_from_json,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionGlimpse:
    """Where a session was left."""

    settings: SessionSettings | None = None
    pool: PoolRecord | None = None
    revision: int = 0
    """Length of the journal."""
    decided: frozenset[ExampleId] = frozenset()
    n_labels: int = 0
    """Labels of the few-shot set that hold."""
    n_checked: int = 0
    """Labels of check examples that hold."""
    shown: Example | None = None
    """What was on the screen, and is not decided; None when that is not known."""
    pick: Pick | None = None
    """Why it was."""


def glimpse_session(path: Path) -> SessionGlimpse:
    """Look into a session file; nothing is known of one that is not there or cannot be read."""
    home = path.resolve()
    if not home.is_file():
        return SessionGlimpse()
    # Without a journal nobody writes, and a look leaves nothing beside the file
    mode = "ro" if journal_of(home).exists() else "ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri_of(home, mode), uri=True, timeout=0)) as db:
            return _read(db)
    except (sqlite3.Error, SessionError) as error:
        logger.info("%s tells nothing at a glance: %s", path, error)
        return SessionGlimpse()


def _read(db: sqlite3.Connection) -> SessionGlimpse:
    states = dict(db.execute("select name, value from state"))
    journal = fold(read_events(db))
    held = journal.decisions()
    decided = frozenset(one.example_id for one in held)
    shown = shown_from_json(states["shown"]) if "shown" in states else None
    is_left = shown is not None and shown.revision == journal.revision
    example = None
    if shown is not None and is_left and shown.example_id not in decided:
        example = _example(db, shown.example_id)
    return SessionGlimpse(
        settings=settings_from_json(states["settings"]) if "settings" in states else None,
        pool=pool_from_json(states["pool"]) if "pool" in states else None,
        revision=journal.revision,
        decided=decided,
        n_labels=sum(one.is_shot for one in held),
        n_checked=sum(one.check and one.kind is DecisionKind.LABEL for one in held),
        shown=example,
        pick=shown.pick if shown is not None and example is not None else None,
    )


def _example(db: sqlite3.Connection, example_id: ExampleId) -> Example | None:
    found = db.execute(
        'select text, "row", source_id from examples where id = ? and in_pool', [example_id]
    ).fetchone()
    if found is None:
        return None
    text, row, source_id = found
    return Example(example_id, text, row, json.loads(source_id))
