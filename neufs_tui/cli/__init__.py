"""The command line: parses, calls, prints. Results go to stdout, all else to stderr.

A command is imported when it is asked for, and imports what it needs when it runs, so that the
first paint of `label` waits for nothing.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import cast

import click

from neufs_tui import __version__
from neufs_tui.cli.logs import log_to_file
from neufs_tui.cli.output import say
from neufs_tui.errors import NeufsError

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

_COMMANDS = {
    **dict.fromkeys(("add", "skip", "undo", "redo"), "decide"),
    **dict.fromkeys(("change", "flag", "note", "offer"), "amend"),
    "completion": "completion",
    "import": "import_labels",
    "list": "list",
    **{name: name for name in ("engine", "evaluate", "explain", "export", "history", "label")},
    **{name: name for name in ("models", "next", "predict", "prompt", "scan", "select", "serve")},
    **{name: name for name in ("show", "stats")},
}
"""Name of a command → the module of this package that has it."""
_FUNCTIONS = {"import": "import_labels", "list": "list_"}
"""Name of a command → its function there, where that is called otherwise."""


class _Commands(click.Group):
    """Imports a command when its name is given or the list of all is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in order."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; NoSuchCommand, with what is meant perhaps, if there is none."""
        if cmd_name not in _COMMANDS:
            if ctx.resilient_parsing:  # a shell completes it
                return None
            raise click.exceptions.NoSuchCommand(cmd_name, possibilities=_COMMANDS, ctx=ctx)
        module = import_module(f"neufs_tui.cli.{_COMMANDS[cmd_name]}")
        return cast("click.Command", getattr(module, _FUNCTIONS.get(cmd_name, cmd_name)))


@click.group(
    cls=_Commands,
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
