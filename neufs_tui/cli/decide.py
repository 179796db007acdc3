"""`neufs-tui add`, `skip`, `undo` and `redo`: decisions without a screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.completing import LABEL_NAME
from neufs_tui.cli.options import (
    json_option,
    labels_options,
    pool_options,
    project_request,
)
from neufs_tui.cli.output import say, tell, tell_json
from neufs_tui.core.records import Decision

if TYPE_CHECKING:
    from neufs_tui.labelling.headless import HeadlessLabelling, Made

DONE = "`undo`"
"""How the sentences call the command that takes a decision back."""


@click.command()
@pool_options
@labels_options
@click.argument("example", metavar="ID")
@click.argument("name", type=LABEL_NAME, metavar="LABEL")
@json_option
def add(example: str, name: str, as_json: bool, **options: Any) -> None:
    """Give one example of POOL a label.

    ID is the row's own id, its content hash, or #N for the Nth row. It need not be the example
    that `next` has chosen; then the journal says that it was not.

    \b
    Examples:
      neufs-tui add pool.jsonl t17 Question
      neufs-tui add pool.jsonl '#3' Complaint --json
    """
    do(options, as_json, lambda labelling: labelling.add(example, name), _decided)


@click.command()
@pool_options
@labels_options
@click.argument("example", metavar="[ID]", required=False)
@json_option
def skip(example: str | None, as_json: bool, **options: Any) -> None:
    """Skip the example of POOL that `next` has chosen, or the one with an ID.

    \b
    Examples:
      neufs-tui skip pool.jsonl
      neufs-tui skip pool.jsonl t17
    """
    do(options, as_json, lambda labelling: labelling.skip(example), _decided)


@click.command()
@pool_options
@labels_options
@json_option
def undo(as_json: bool, **options: Any) -> None:
    """Take back the last decision on POOL; its example is the next one again.

    \b
    Examples:
      neufs-tui undo pool.jsonl
    """
    do(options, as_json, lambda labelling: labelling.undo(), _undone)


@click.command()
@pool_options
@labels_options
@json_option
def redo(as_json: bool, **options: Any) -> None:
    """Bring back the decision on POOL that was undone last.

    \b
    Examples:
      neufs-tui redo pool.jsonl
    """
    do(options, as_json, lambda labelling: labelling.redo(), _redone)


def do(
    options: dict[str, Any],
    as_json: bool,
    request: Callable[[HeadlessLabelling], Made],
    tell_of: Callable[[Made], str],
) -> None:
    """Do something with the session of a pool, and tell it and how far the session is.

    Args:
        options: of the command.
        as_json: for programs, not people.
        request: what is done.
        tell_of: what is told of it.
    """
    from neufs_tui.cli.requests import made_as_json
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.labelling.startup import open_headless
    from neufs_tui.wording.status import count_parts

    labelling = open_headless(project_request(options), CaptureSettings())
    with closing(labelling):
        made = request(labelling)
        told = made_as_json(labelling, made) if as_json else None
    workspace = labelling.loop.workspace
    for notice in workspace.notices:
        say(notice)
    if told is not None:
        tell_json(told)
        return
    tell(tell_of(made))
    say(" · ".join(count_parts(made.counts, workspace.selection.shots)))


def _decided(made: Made) -> str:
    from neufs_tui.wording.sentences import decided

    assert made.example is not None and isinstance(made.done, Decision)
    return decided(made.example, made.done, made.pick, undo=DONE)


def _undone(made: Made) -> str:
    from neufs_tui.wording.amended import undone

    return undone(made.example, made.done, made.n, redo="`redo`")


def _redone(made: Made) -> str:
    from neufs_tui.wording.amended import redone

    return redone(made.example, made.done, made.n, undo=DONE)
