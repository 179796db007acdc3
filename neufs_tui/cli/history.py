"""`neufs-tui history`: everything that was done in a session, event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.options import json_option, project_request, session_options
from neufs_tui.cli.output import say, tables, tell_json
from neufs_tui.core.records import DRAW
from neufs_tui.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neufs_tui.core.history import HistoryEvent

_HEADINGS = ("", "time (UTC)", "seconds", "event", "example", "label", "model before", "notes")


@click.command()
@session_options
@json_option
def history(as_json: bool, **options: Any) -> None:
    """List every label, skip, accepted suggestion, undo and redo in the session of POOL.

    \b
    Examples:
      neufs-tui history pool.jsonl
      neufs-tui history pool.jsonl --json > journal.json
    """
    from neufs_tui.cli.requests import history_as_json
    from neufs_tui.project.said import session_path
    from neufs_tui.storage.session import Session

    with Session.open(session_path(project_request(options)), write=False) as session:
        events = session.history()
        notices = [notice for notice in (session.missing, session.leftover) if notice]
    for notice in notices:
        say(notice)
    if as_json:
        tell_json(history_as_json(events))
    else:
        _print_table(events)


def _print_table(events: Sequence[HistoryEvent]) -> None:
    from rich.table import Table

    from neufs_tui.cli.example_names import id_and_number
    from neufs_tui.wording.listing import given_by

    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right" if heading in ("", "seconds") else "left")
    for event in events:
        is_by_id = event.kind in ("label", "skip") and not event.shown
        notes = [
            *(["random draw"] if event.chosen_by == DRAW else []),
            *(["check example"] if event.check else []),
            *(["hunted"] if event.hunted and event.page is None else []),
            *(["suggested otherwise"] if event.hunted and event.page is not None else []),
            *(["a whole page"] if event.page and event.kind in ("undo", "redo") else []),
            *(["changed in place"] if event.place is not None else []),
            *([one_line(event.note)] if event.note else []),
            *(["looked first"] if event.looked and not event.page else []),
            *([given_by(event.given)] if event.given else []),
            *(["not shown"] if is_by_id and not event.given else []),
        ]
        table.add_row(
            str(event.seq),
            event.at[:19].replace("T", " "),
            f"{event.seconds:.1f}" if event.seconds is not None else "",
            event.kind,
            one_line(id_and_number(event.example)),
            one_line(event.answer.text) if event.answer else "",
            one_line(event.model_answer or ""),
            ", ".join(notes),
        )
    tables().print(table)
