"""The commands' only way to the terminal: results to standard output, all else to standard error.

What comes from a file, names and errors that quote it included, is shown and never obeyed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.core.text import escaped_json, visible
from neufs_tui.export.strict_json import strict_json

if TYPE_CHECKING:
    from rich.console import Console


def tell(line: str) -> None:
    """A line of the result."""
    click.echo(visible(line))


def tell_json(value: object) -> None:
    """A result for programs: exact, in a pipe and in a terminal."""
    click.echo(escaped_json(strict_json(value, indent=2)))


def tell_line(value: object) -> None:
    """A result for programs on a line of its own, at once."""
    click.echo(escaped_json(strict_json(value)))
    sys.stdout.flush()


def tell_data(text: str) -> None:
    """A result that is a file: exact in a pipe, shown in a terminal."""
    # Without colour, click takes escape sequences out
    click.echo(visible(text) if sys.stdout.isatty() else text, nl=False, color=True)


def tell_stretches(stretches: Sequence[tuple[str, bool]]) -> None:
    """A result that is a file: exact in a pipe; in a terminal shown, with some of it in reverse.

    Args:
        stretches: what follows one another, and whether it is in reverse.
    """
    if not sys.stdout.isatty():
        tell_data("".join(text for text, _ in stretches))
        return
    shown = (
        click.style(visible(text), reverse=True) if is_reverse else visible(text)
        for text, is_reverse in stretches
    )
    click.echo("".join(shown), color=True)


def say(sentence: str, **style: Any) -> None:
    """A line of narration, or of an error.

    Args:
        sentence: what is said.
        style: as for `click.style`.
    """
    click.secho(visible(sentence).expandtabs(), err=True, **style)


def tables(*, err: bool = False) -> Console:
    """Where tables are drawn; a cell is data, not markup, and is to be one line.

    Args:
        err: on standard error, beside a result that is a file.
    """
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, stderr=err)
