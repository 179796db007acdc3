"""`neufs-tui engine`: engines that wait for the next `label`, listed and ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neufs_tui.cli.completing import FILE
from neufs_tui.cli.output import say, tell
from neufs_tui.errors import EngineError

if TYPE_CHECKING:
    from neufs_tui.engine.place import Holder


@click.group()
def engine() -> None:
    """List and end the engines that run: of a `label`, or left by one whose terminal was lost.

    \b
    Examples:
      neufs-tui engine list
      neufs-tui engine stop pool.jsonl
    """


@engine.command("list")
def list_engines() -> None:
    """Print each engine's process id, whether it is in use or waits, and its session file.

    \b
    Example:
      neufs-tui engine list
    """
    from neufs_tui.engine.place import running
    from neufs_tui.storage.paths import engines_dir

    for holder in running(engines_dir()):
        state = "in use" if _is_used(holder) else "waits"
        tell(f"{holder.pid}\t{state}\t{holder.session}")


@engine.command("stop")
@click.argument("pool", required=False, type=FILE)
@click.option(
    "--session",
    type=FILE,
    metavar="FILE",
    help="Session file.  [default: POOL.neufs.db beside the pool]",
)
def stop_engines(pool: str | None, session: str | None) -> None:
    """End the engine that waits for the next label of POOL, or every one that waits.

    What it has read stays stored. One that a neufs-tui is using goes on.

    \b
    Examples:
      neufs-tui engine stop pool.jsonl
      neufs-tui engine stop
    """
    from neufs_tui.engine.place import Place, running
    from neufs_tui.project.request import ProjectRequest
    from neufs_tui.project.said import session_path
    from neufs_tui.storage.paths import engines_dir

    holders = running(engines_dir())
    if pool is not None or session is not None:
        wanted = str(session_path(ProjectRequest(pool or "", session=session)).resolve())
        holders = [one for one in holders if one.session == wanted]
    for holder in holders:
        if _is_used(holder):
            say(f"the engine of {holder.session} (process {holder.pid}) is in use")
            continue
        if not Place(Path(holder.session), engines_dir()).stop():
            raise EngineError(
                f"the engine {holder.pid} does not end", hint=f"kill it: kill -9 {holder.pid}"
            )
        tell(f"stopped {holder.pid}\t{holder.session}")
    if not holders:
        say("no engine waits")


def _is_used(holder: Holder) -> bool:
    """Whether a neufs-tui has its session open."""
    from neufs_tui.storage import writer_lock

    session = Path(holder.session)
    if not session.exists():
        return False
    try:
        writer_lock.acquire(session).release()
    except writer_lock.Busy:
        return True
    return False
