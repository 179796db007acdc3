"""The session file's schema, as a list of steps: new ones are appended, old ones never change."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

session_migrations = Migrations("neufs_tui_session")


@session_migrations()
def m001_examples_events_state(db: Database) -> None:
    """Texts by content hash, the journal over them, and single values by name."""
    db.table("examples").create(
        {
            "id": str,
            "text": str,
            "source_id": str,  # JSON
            "fields": str,  # JSON
            "row": int,
            "in_pool": int,
        },
        pk="id",
        not_null={"text", "source_id", "fields", "row", "in_pool"},
    )
    db.table("events").create(
        {
            "seq": int,
            "kind": str,
            "example_id": str,
            "label": str,
            "at": str,  # ISO 8601, UTC
            "seconds": float,
            "pick": str,  # JSON
            "model": str,  # JSON
            "version": str,
        },
        pk="seq",
        not_null={"kind", "example_id", "at", "version"},
        foreign_keys=[("example_id", "examples", "id")],
    )
    db.table("events").create_index(["example_id"])
    db.table("state").create({"name": str, "value": str}, pk="name", not_null={"value"})


@session_migrations()
def m002_looked_and_panels(db: Database) -> None:
    """Whether she saw the model's answer first, and what the panel said of each label."""
    db.table("events").add_column("looked", int)
    db.table("panels").create(
        {"seq": int, "panel": str},  # JSON
        pk="seq",
        not_null={"panel"},
        foreign_keys=[("seq", "events", "seq")],
    )


def unknown_steps(db: Database) -> frozenset[str]:
    """Steps that a database has taken and this version does not know."""
    ours = {step.name for step in session_migrations.pending(Database(memory=True))}
    return frozenset(step.name for step in session_migrations.applied(db)) - ours
