"""`neufs-tui show`: one example, and what a session says of it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from neufs_tui.cli.options import json_option, pool_options, project_request
from neufs_tui.cli.output import say, tell, tell_json


@click.command()
@pool_options
@click.argument("example", metavar="ID")
@json_option
def show(example: str, as_json: bool, **options: Any) -> None:
    """Show one example of POOL, whole, with its label and what was known when it was given.

    ID is the row's own id, its content hash, or #N for the Nth row.

    \b
    Examples:
      neufs-tui show pool.jsonl t17
      neufs-tui show pool.jsonl '#3' --json
    """
    from neufs_tui.cli.requests import example_as_json
    from neufs_tui.core.text import one_line
    from neufs_tui.labelling.headless import find_example
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.session import Session
    from neufs_tui.wording import sentences
    from neufs_tui.wording.listing import given_by

    project = read_project(project_request(options))
    for notice in project.notices:
        say(notice)
    found = find_example(project.pool.examples, example)
    with ExitStack() as stack:
        session = None
        if project.session_path.exists():
            session = stack.enter_context(Session.open(project.session_path, write=False))
        known = example_as_json(found, session)
    if as_json:
        tell_json(known)
        return
    tell(sentences.place(found, len(project.pool.examples)))
    tell(found.text)
    if known["why"]:
        tell(known["why"])
    if known["kind"] is None:
        tell("not decided")
    elif known["label"] is None:
        tell("skipped")
    elif known["kind"] == "accept":
        tell(f"accepted as suggested, no label: {known['label']}")
    else:
        model = f" · model before: {known['model']['answer']}" if known["model"] else ""
        seconds = f" · {known['seconds']:.1f} s" if known["seconds"] is not None else ""
        given = f" · {given_by(known['given'])}" if known["given"] else ""
        tell(f"label: {known['label']}{given}{model}{seconds}")
    if known["flagged"]:
        tell("flagged: in no prompt or export")
    if known["note"]:
        tell(f"note: {one_line(known['note'])}")
