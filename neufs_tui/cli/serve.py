"""`neufs-tui serve`: a session driven by a program, a JSON line a request."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.options import (
    balance_option,
    calibration_option,
    capture_options,
    capture_settings,
    check_options,
    given_option,
    pool_options,
    project_request,
    rescore_option,
    selection_options,
    task_options,
)
from neufs_tui.cli.output import tell_line
from neufs_tui.errors import NeufsError, UsageError

if TYPE_CHECKING:
    from neufs_tui.labelling.headless import HeadlessLabelling


@click.command()
@pool_options
@task_options
@given_option
@selection_options
@check_options
@rescore_option
@calibration_option
@balance_option
@capture_options
def serve(**options: Any) -> None:
    """Answer requests on POOL: a JSON object a line from standard input, one back for each.

    The engine stays up between them, as it does under `label`. A request names what to `do`:
    next (reveal), add (id, label), skip (id), change (id, label), flag (id), note (id, note),
    offer, undo, redo, list (filters), history, show (id), or wait, until all is scanned, reread
    and explained. An answer has `ok`; if that is false, `error` and `hint`.

    \b
    Examples:
      echo '{"do": "next"}' | neufs-tui serve pool.jsonl
      my-editor-plugin | neufs-tui serve pool.jsonl --rescore off
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.labelling.startup import open_headless

    request, capture = project_request(options), capture_settings(options)
    with Narrator() as narrator:
        labelling = open_headless(request, capture, listener=narrator, keeps_engine=True)
        for notice in labelling.loop.workspace.notices:
            narrator.say(notice)
        with closing(labelling):
            labelling.begin()
            for line in sys.stdin:
                if line.strip():
                    tell_line(_answered(labelling, line))


def _answered(labelling: HeadlessLabelling, line: str) -> dict[str, Any]:
    from neufs_tui.cli.requests import answer

    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise UsageError("a request is a JSON object")
        return {"ok": True} | answer(labelling, request)
    except json.JSONDecodeError as error:
        return {"ok": False, "error": f"not JSON: {error}", "hint": "one object a line"}
    except NeufsError as error:
        return {"ok": False, "error": error.message, "hint": error.hint}
