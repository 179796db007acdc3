"""`neufs-tui completion`: what a shell needs to complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from neufs_tui.cli.output import tell_data


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what SHELL reads to complete commands, options, formats, models, labels and files.

    \b
    Examples:
      eval "$(neufs-tui completion bash)"     # in ~/.bashrc; bash 4.4 or later
      eval "$(neufs-tui completion zsh)"      # in ~/.zshrc, behind compinit
      neufs-tui completion fish > ~/.config/fish/completions/neufs-tui.fish
    """
    from neufs_tui.cli import cli

    found = get_completion_class(shell)
    assert found is not None  # click has the three
    tell_data(found(cli, {}, "neufs-tui", "_NEUFS_TUI_COMPLETE").source() + "\n")
