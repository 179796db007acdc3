"""However the labelling screen ends, the session is one file with every label."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.terminal import PROGRAM, Terminal

LABELS = ("--label", "yes", "--label", "no, not at all")


def labelled_one(pool: Path, model: Path) -> Terminal:
    """The screen with one label given, in a terminal that is still there."""
    terminal = Terminal("label", str(pool), "--model", str(model), *LABELS, cwd=pool.parent)
    terminal.wait_for("the model has read all 24")
    terminal.press("1")
    terminal.wait_for_labels(1)
    return terminal


def stats_of_a_copy(pool: Path) -> dict:
    """What the session's file says, copied alone."""
    folder = pool.parent / "copy"
    folder.mkdir()
    for one in (pool, pool.with_name("pool.neufs.db")):
        shutil.copy(one, folder)
    command = [PROGRAM, "stats", str(folder / pool.name), "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize(("end", "status"), [("q", 0), (signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_copy_of_a_session_that_ended_is_whole(
    pool: Path, tiny_llama: Path, end: str | signal.Signals, status: int
) -> None:
    terminal = labelled_one(pool, tiny_llama)
    if isinstance(end, str):
        terminal.press(end)
    else:
        terminal.child.kill(end)
    assert terminal.finish() == status
    assert "24 examples: 1 labelled, 0 skipped, 23 left" in terminal.text
    told = stats_of_a_copy(pool)
    assert (told["labelled"], told["notices"]) == (1, [])


def test_a_copy_of_a_session_whose_terminal_was_closed_is_whole(
    pool: Path, tiny_llama: Path
) -> None:
    terminal = labelled_one(pool, tiny_llama)
    terminal.child.ptyproc.fileobj.close()
    _, status = os.waitpid(terminal.child.pid, 0)
    assert os.WTERMSIG(status) == signal.SIGHUP
    told = stats_of_a_copy(pool)
    assert (told["labelled"], told["notices"]) == (1, [])
