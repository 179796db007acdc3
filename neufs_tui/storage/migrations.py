"""The session file's schema, as a list of steps: new ones are appended, old ones never change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

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
    """Whether the annotator saw the model's answer first, and what the panel said of each label."""
    db.table("events").add_column("looked", int)
    db.table("panels").create(
        {"seq": int, "panel": str},  # JSON
        pk="seq",
        not_null={"panel"},
        foreign_keys=[("seq", "events", "seq")],
    )


@session_migrations()
def m003_tasks_and_probabilities_by_label(db: Database) -> None:
    """What was asked when each decision was taken, and the model's probabilities by label.

    The labels of a decision's time are those of its panel, else those the session had last.
    """
    db.table("tasks").create({"id": int, "task": str}, pk="id", not_null={"task"})  # JSON
    db.table("events").add_column("task", int)
    db.execute("delete from state where name = 'writer'")
    states = dict(db.execute("select name, value from state where name in ('settings', 'shown')"))
    names: list[str] = []
    if "settings" in states:
        task = json.loads(states["settings"])["task"]
        names = [label["name"] for label in task["labels"]]
        db.execute("insert into tasks(task) values (?)", [json.dumps(task)])
        db.execute("update events set task = (select id from tasks)")
    picks = db.execute(
        "select events.seq, pick, panel from events left join panels on panels.seq = events.seq "
        "where pick is not null"
    ).fetchall()
    for seq, pick, panel in picks:
        then = list(json.loads(panel)["probabilities"]) if panel else names
        by_label = json.dumps(_by_label(json.loads(pick), then))
        db.execute("update events set pick = ? where seq = ?", [by_label, seq])
    if "shown" in states:
        shown = json.loads(states["shown"])
        shown["pick"] = shown["pick"] and _by_label(shown["pick"], names)
        db.execute("update state set value = ? where name = 'shown'", [json.dumps(shown)])


@session_migrations()
def m004_answers_and_examples_not_shown(db: Database) -> None:
    """Answers as JSON, which may be more than a label's name; whether the example was shown."""
    db.table("events").add_column("answer", str)
    db.execute("update events set answer = json_object('label', label) where label is not null")
    db.execute("alter table events drop column label")
    db.table("events").add_column("shown", int)
    db.execute("update events set shown = 1 where kind in ('label', 'skip')")


@session_migrations()
def m005_panels_count_their_labels(db: Database) -> None:
    """Of the labelled examples a panel keeps their number: of thousands, the ids would fill it."""
    db.execute(
        "update panels set panel = json_set(json_remove(panel, '$.labelled'), "
        "'$.n_labelled', json_array_length(panel, '$.labelled')) "
        "where json_type(panel, '$.labelled') = 'array'"
    )


@session_migrations()
def m006_check_examples(db: Database) -> None:
    """Whether a decision is on an example of the check set; there was none before."""
    db.table("events").add_column("is_check", int, not_null_default=0)


@session_migrations()
def m008_readings_of_check_examples(db: Database) -> None:
    """What was read of the check examples, by model, task and number of labels."""
    db.table("checks").create(
        {
            "model": str,  # JSON; empty where it is not known
            "task": int,
            "n_labels": int,
            "readings": str,  # JSON
        },
        pk=("model", "task", "n_labels"),
        not_null={"readings"},
    )


@session_migrations()
def m009_hunted_and_pages(db: Database) -> None:
    """Whether an example was looked for by its label, and with which page it was accepted."""
    db.table("events").add_column("hunted", int, not_null_default=0)
    db.table("events").add_column("page", int)


@session_migrations()
def m010_marks_and_changes_in_place(db: Database) -> None:
    """Notes on examples, and whose place in the order a changed decision has."""
    db.table("events").add_column("place", int)
    db.table("events").add_column("note", str)


@session_migrations()
def m011_labels_given_elsewhere(db: Database) -> None:
    """Where a label was given that the annotator has not: a file's name, or a field of the pool."""
    db.table("events").add_column("given", str)


def _by_label(pick: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """A pick with its probabilities by name; without them where the names cannot be right."""
    shares = pick.get("probabilities", [])
    likeliest = [name for name, share in zip(names, shares, strict=False) if share == max(shares)]
    fits = len(names) == len(shares) and pick.get("answer") in likeliest
    return pick | {"probabilities": dict(zip(names, shares, strict=True)) if fits else {}}


def unknown_steps(db: Database) -> frozenset[str]:
    """Steps that a database has taken and this version does not know."""
    ours = {step.name for step in session_migrations.pending(Database(memory=True))}
    return frozenset(step.name for step in session_migrations.applied(db)) - ours
