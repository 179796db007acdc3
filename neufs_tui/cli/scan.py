"""`neufs-tui scan`: read a pool with the model, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neufs_tui.cli.options import (
    capture_options,
    capture_settings,
    pool_options,
    project_request,
    task_options,
)


@click.command()
@pool_options
@task_options
@capture_options
@click.option(
    "--dump",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.npz",
    help="Write what was captured as NumPy arrays (docs/method.md lists them).",
)
def scan(dump: Path | None, **options: Any) -> None:
    """Read every example of POOL with the model and store what it switches on.

    Nothing is read twice: stopped with Ctrl-C, or killed, the same command goes on where it
    was. `label` and `select` use what is stored.

    \b
    Examples:
      neufs-tui scan pool.jsonl --label Question --label Complaint
      neufs-tui scan pool.jsonl --labels-from label --model ./my-model --dump capture.npz
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.in_process import dump_captures, scan_pool
    from neufs_tui.project.project import read_project

    project = read_project(project_request(options))
    config = engine_config(project, capture_settings(options))
    with Narrator(project.notices) as narrator:
        try:
            scanned = scan_pool(config, narrator)
        except KeyboardInterrupt:
            narrator.say("what was scanned is stored: the same command goes on from there")
            raise
    if dump is not None:
        dump_captures(dump, config, scanned)
        narrator.say(f"wrote {dump}")
