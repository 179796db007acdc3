"""The command line: parses, calls, prints. Results go to stdout, all else to stderr.

Commands import what they need when they run, so that `--help` and the first paint of `label`
wait for nothing.
"""

from __future__ import annotations

import io
import sys

import click

from neufs_tui import __version__
from neufs_tui.cli.decide import add, redo, skip, undo
from neufs_tui.cli.explain import explain
from neufs_tui.cli.export import export
from neufs_tui.cli.history import history
from neufs_tui.cli.label import label
from neufs_tui.cli.logs import log_to_file
from neufs_tui.cli.models import models
from neufs_tui.cli.next import next_example
from neufs_tui.cli.output import say
from neufs_tui.cli.scan import scan
from neufs_tui.cli.select import select
from neufs_tui.cli.serve import serve
from neufs_tui.cli.show import show
from neufs_tui.cli.stats import stats
from neufs_tui.errors import NeufsError

INTERRUPTED = 130
"""Exit status after Ctrl-C."""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Exit status: 0 done, 1 failed, 2 wrong use or bad input, 3 nothing left, "
    "130 interrupted.",
)
@click.version_option(__version__, prog_name="neufs-tui")
def cli() -> None:
    """Label the few examples that make a local LLM best at your task.

    NeuFS picks each next example by the neurons it switches on in the model, and says why.

    \b
    Examples:
      neufs-tui label pool.jsonl --label Question --label Complaint
      neufs-tui label pool.jsonl --model Qwen/Qwen3-4B-Instruct-2507
      neufs-tui export pool.jsonl --format chat -o few_shot.json
    """
    click.get_current_context().obj = log_to_file()


_COMMANDS = (
    *(label, scan, select, explain, export, stats, models),
    *(next_example, add, skip, undo, redo, history, show, serve),
)
for command in _COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the program; turns every expected failure into two lines and an exit status."""
    try:
        status = cli.main(standalone_mode=False)
    except NeufsError as error:
        _complain(error.message, error.hint)
        status = error.exit_code
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        say(told.getvalue().rstrip())
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        status = INTERRUPTED
    sys.exit(status)


def _complain(message: str, hint: str) -> None:
    say(f"error: {message}", fg="red")
    if hint:
        say(f" hint: {hint}")
