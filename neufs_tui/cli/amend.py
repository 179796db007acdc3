"""`neufs-tui change`, `flag`, `note` and `offer`: what the keys of the list do, by command."""

from __future__ import annotations

from typing import Any

import click

from neufs_tui.cli.completing import LABEL_NAME
from neufs_tui.cli.decide import DONE, do
from neufs_tui.cli.options import json_option, labels_options, pool_options
from neufs_tui.core.records import Decision, Mark, MarkKind
from neufs_tui.labelling.headless import Made


@click.command()
@pool_options
@labels_options
@click.argument("example", metavar="ID")
@click.argument("name", type=LABEL_NAME, metavar="LABEL")
@json_option
def change(example: str, name: str, as_json: bool, **options: Any) -> None:
    """Give a decided example of POOL another label, in the place that it has.

    What came later stays as it is, unlike with `undo`. ID is the row's own id, its content hash,
    or #N for the Nth row.

    \b
    Examples:
      neufs-tui change pool.jsonl t17 Question
    """
    do(options, as_json, lambda labelling: labelling.change(example, name), _changed)


@click.command()
@pool_options
@labels_options
@click.argument("example", metavar="ID")
@json_option
def flag(example: str, as_json: bool, **options: Any) -> None:
    """Flag an example of POOL, whose label then stays out of prompts and exports; again: no longer.

    \b
    Examples:
      neufs-tui flag pool.jsonl t17
    """
    do(options, as_json, lambda labelling: labelling.flag(example), _flagged)


@click.command()
@pool_options
@labels_options
@click.argument("example", metavar="ID")
@click.argument("text", metavar="TEXT")
@json_option
def note(example: str, text: str, as_json: bool, **options: Any) -> None:
    """Write a note on an example of POOL; an empty one takes it away.

    \b
    Examples:
      neufs-tui note pool.jsonl t17 "two questions in one"
      neufs-tui note pool.jsonl t17 ""
    """
    do(options, as_json, lambda labelling: labelling.note(example, text), _noted)


@click.command()
@pool_options
@labels_options
@json_option
def offer(as_json: bool, **options: Any) -> None:
    """Have the skipped examples of POOL offered again.

    \b
    Examples:
      neufs-tui offer pool.jsonl
    """
    do(options, as_json, lambda labelling: labelling.offer(), _offered)


def _changed(made: Made) -> str:
    from neufs_tui.wording.amended import changed

    assert isinstance(made.done, Decision)
    return changed([made.done][: made.n], made.done.answer, n_asked=1, undo=DONE)


def _flagged(made: Made) -> str:
    from neufs_tui.wording.amended import flagged

    assert made.example is not None
    return flagged(made.example, is_flagged=made.done.kind is MarkKind.FLAG, undo=DONE)


def _noted(made: Made) -> str:
    from neufs_tui.wording.amended import noted

    assert made.example is not None and isinstance(made.done, Mark)
    return noted(made.example, made.done.note, undo=DONE)


def _offered(made: Made) -> str:
    from neufs_tui.wording.amended import offered

    return offered(made.n, undo=DONE)
