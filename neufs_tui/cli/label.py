"""`neufs-tui label`: the labelling screen."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from neufs_tui.app.terminal import COLORS, set_color
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
from neufs_tui.cli.output import say
from neufs_tui.errors import UsageError

if TYPE_CHECKING:
    from neufs_tui.core.counts import Counts
    from neufs_tui.project.request import ProjectRequest


@click.command()
@pool_options
@task_options
@given_option
@click.option("--shots", type=int, metavar="N", help="Demonstrations wanted.  [default: 16]")
@selection_options
@check_options
@rescore_option
@calibration_option
@balance_option
@capture_options
@click.option(
    "--keep-engine",
    type=click.FloatRange(min=0, max=24 * 60),
    default=10,
    metavar="MINUTES",
    envvar="NEUFS_KEEP_ENGINE",
    help="How long the model stays loaded for the next label when the terminal is lost; not "
    "after you quit. 0 is never.  [default: 10]",
)
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option(
    "--color",
    type=click.Choice(COLORS),
    default="auto",
    envvar="NEUFS_COLOR",
    help="How many colours the terminal shows.  [default: found out; NO_COLOR is never]",
)
@click.option(
    "--theme",
    metavar="NAME",
    envvar="NEUFS_THEME",
    help="Colours: neufs, neufs-light, ansi-dark, ansi-light, which use the terminal's own, or "
    "another of Textual's.  [default: neufs]",
)
def label(
    no_mouse: bool, color: str, theme: str | None, keep_engine: float, **options: Any
) -> None:
    """Label POOL, one key an example, in the order that NeuFS or another strategy chooses.

    POOL is JSONL, .json, .csv, .tsv, .txt with one text a line, each also gzipped (.jsonl.gz), or
    - for standard input, with the text under `input` or `text`; exports of Label Studio and
    doccano are read as they are. With neufs-tui[data] installed it may be .parquet, a folder that
    `datasets` saved or can load, or one of its splits, FOLDER/test. Labels, model and prompt may
    stand in a neufs.toml beside it. Every label is on disk before the next example shows; start
    again and you are where you were.

    \b
    Examples:
      neufs-tui label pool.jsonl --label "Without Explanation" --label "With Explanation"
      neufs-tui label pool.csv --text-field body --labels-from topic --shots 10
      neufs-tui label pool.jsonl --given label
      neufs-tui label imdb/train --label negative --label positive
      neufs-tui label pool.jsonl --model ./qwen3-4b.gguf --device cpu
      neufs-tui label pool.jsonl --strategy random --seed 3
    """
    set_color(color, os.environ)  # before Textual is imported, which reads it then
    from neufs_tui.app.keymap import configured
    from neufs_tui.app.main import LabelApp
    from neufs_tui.labelling.startup import Startup

    request = project_request(options)
    piped = _take_pool_from_stdin() if request.source == "-" else None
    _require_terminal()
    # The screen hides what was said before it
    notices = tuple(filter(None, [click.get_current_context().obj]))
    capture = capture_settings(options)
    startup = Startup(
        request,
        capture,
        check_keys=configured,
        stdin=piped,
        notices=notices,
        stay_s=60 * keep_engine,
    )
    app = LabelApp(startup, pool_name=Path(request.source).name, theme=theme)
    app.run(mouse=not no_mouse)
    if app.failure is not None:
        raise app.failure
    if app.summary is not None:
        _reconcile(request, app.summary)
    _end_at_once(app.return_code or 0)


def _reconcile(request: ProjectRequest, counts: Counts) -> None:
    """Where every example of the pool has gone: the sums must match."""
    from neufs_tui.core.text import plural
    from neufs_tui.project.said import session_path
    from neufs_tui.wording.sentences import export_command
    from neufs_tui.wording.standing import lacking

    accepted = f"{counts.accepted:,} accepted, " if counts.accepted else ""
    say(
        f"{counts.pool:,} examples: {counts.labelled:,} labelled, {counts.skipped:,} skipped, "
        f"{accepted}{counts.left:,} left"
    )
    if counts.labels_elsewhere:
        say(f"{counts.labels_elsewhere:,} more labels on rows no longer in the pool")
    if counts.checked:
        say(f"{counts.checked:,} labels are of check examples, which stay out of the few-shot set")
    if counts.given:
        say(f"{counts.given:,} of the labels were given elsewhere")
    if counts.flagged:
        flagged = plural(counts.flagged, "label is flagged", "labels are flagged")
        say(f"{flagged}: in no prompt or export meanwhile")
    say(f"kept in {session_path(request)}")
    if counts.n_labels:
        if lacks := lacking(counts.by_class):
            say(f"of the labels {lacks}")
        say(f"write them with: {export_command(request.source, request.session)}")


def _end_at_once(exit_status: int) -> NoReturn:
    """End the process, whose session is closed, without taking the libraries apart first.

    On a busy machine that takes half a second, in which the shell does not answer.
    """
    logging.shutdown()
    sys.stderr.flush()
    os._exit(exit_status)


def _take_pool_from_stdin() -> io.BytesIO:
    """Read the pool to its end, then give standard input back to the keyboard.

    Raises:
        UsageError: there is no terminal to read keys from.
    """
    pool = io.BytesIO(sys.stdin.buffer.read())
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError(
            "there is no terminal to read keys from",
            hint="run label in a terminal, or give the pool as a file",
        ) from error
    os.dup2(terminal, sys.stdin.fileno())
    os.close(terminal)
    return pool


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "label needs a terminal that can draw",
            hint="run it in one, or use scan, select and export, which need none",
        )
