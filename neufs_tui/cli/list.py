"""`neufs-tui list`: the examples of a session that some filters ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.options import json_option, labels_options, pool_options, project_request
from neufs_tui.cli.output import say, tables, tell_json

if TYPE_CHECKING:
    from neufs_tui.labelling.listing import ListedExample

_GAP, _SHORTEST_TEXT = 2, 20
"""Cells between columns, and those that a text has at least."""


@click.command(name="list")
@pool_options
@labels_options
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@json_option
def list_(filters: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """List examples of POOL with your answer, the model's, flag and note; what is decided first.

    A FILTER is a word or a "phrase" of the text, label:NAME, model:NAME, note:WORD, or one of
    labelled, skipped, accepted, undecided, flag, note, disagree, check, hunted, given, twice; a
    minus in front asks for the others. The model's answer is told once you have given yours.

    \b
    Examples:
      neufs-tui list pool.jsonl disagree
      neufs-tui list pool.jsonl label:spam '"free entry"' --json
      neufs-tui list pool.jsonl -- -flag labelled
    """
    from neufs_tui.cli.requests import listed_as_json
    from neufs_tui.labelling.listing import Listing, parse
    from neufs_tui.labelling.position import position
    from neufs_tui.labelling.workspace import Workspace
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.session import Session
    from neufs_tui.wording.listing import no_such_label

    project = read_project(project_request(options))
    with Session.open(project.session_path, write=False) as session:
        workspace = Workspace(project, session)
        listing = Listing(workspace, position(workspace))
        query = parse(" ".join(filters))
        found, unknown = (
            [listing.of(one) for one in listing.find(query)],
            listing.unknown_labels(query),
        )
    for notice in (*workspace.notices, *([no_such_label(unknown)] if unknown else [])):
        say(notice)
    if as_json:
        tell_json([listed_as_json(one) for one in found])
    else:
        _print(found, n_all=len(listing))


def _print(found: Sequence[ListedExample], *, n_all: int) -> None:
    """A line each: the text has what the facts leave of it."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from neufs_tui.wording import listing as wording
    from neufs_tui.wording.lines import ellipsis

    console, rows = tables(), [wording.HEADINGS, *map(wording.cells, found)]
    facts = sum(
        max(cell_len(row[place]) for row in rows) + _GAP for place in range(len(rows[0]) - 1)
    )
    room = max(_SHORTEST_TEXT, console.width - facts)
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in rows:
        table.add_row(*map(Text, row[:-1]), Text(ellipsis(row[-1], room)))
    console.print(table)
    say(wording.found(len(found), n_all, 0))
