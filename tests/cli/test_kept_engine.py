"""An engine whose app has lost its terminal waits for the next one, and never for ever."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from neufs_tui.engine.place import Place, running
from neufs_tui.storage.paths import engines_dir
from tests.terminal import PROGRAM, Terminal, children, wait_for_end

LABELS = ("--label", "yes", "--label", "no, not at all")

Label = Callable[..., Terminal]


@pytest.fixture
def label(pool: Path, tiny_llama: Path) -> Iterator[Label]:
    """Starts labelling with an engine that stays; what still runs ends with the test."""

    def start(minutes: str = "10") -> Terminal:
        arguments = ("label", str(pool), "--model", str(tiny_llama), *LABELS)
        environment = {"NEUFS_KEEP_ENGINE": minutes}
        return stack.enter_context(Terminal(*arguments, cwd=pool.parent, environment=environment))

    with ExitStack() as stack:
        try:
            yield start
        finally:
            stack.close()
            for holder in running(engines_dir()):
                os.kill(holder.pid, signal.SIGKILL)


def engine_of(terminal: Terminal) -> int:
    (engine,) = children(terminal.child.pid)
    return engine


def hang_up(terminal: Terminal) -> None:
    """Take the terminal away, as a dropped connection does."""
    terminal.child.ptyproc.fileobj.close()
    terminal.child.ptyproc.wait()
    assert terminal.child.ptyproc.signalstatus == signal.SIGHUP


def kill(terminal: Terminal) -> None:
    os.kill(terminal.child.pid, signal.SIGKILL)
    terminal.child.ptyproc.wait()


def neufs(*arguments: object) -> str:
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize("lose", [hang_up, kill])
def test_the_next_label_goes_on_with_the_engine_that_was_left(
    label: Label, pool: Path, lose: Callable[[Terminal], None]
) -> None:
    first = label()
    first.wait_for("the model has read all 24")
    first.press("1")
    first.wait_for_labels(1)
    engine = engine_of(first)
    ending = os.pidfd_open(engine)
    lose(first)
    assert neufs("engine", "list").split("\t") == [
        str(engine),
        "waits",
        f"{pool.with_name('pool.neufs.db')}\n",
    ]
    again = label()
    again.wait_for_labels(1)
    again.wait_for("read again with 1 label: 22 of 22")
    again.wait_for("tiny-llama0 · cpu")
    assert children(again.child.pid) == []
    assert f"{engine}\tin use" in neufs("engine", "list")
    again.press("2")
    again.wait_for_labels(2)
    again.wait_for("read again with 2 labels: 21 of 21")
    again.press("q")
    assert again.finish() == 0
    wait_for_end(ending)
    assert list(engines_dir().iterdir()) == []


def test_an_engine_that_nobody_comes_back_to_ends(label: Label) -> None:
    terminal = label(minutes="0.001")
    terminal.wait_for("the model has read all 24")
    ending = os.pidfd_open(engine_of(terminal))
    hang_up(terminal)
    wait_for_end(ending)
    assert list(engines_dir().iterdir()) == []


def test_a_kept_engine_is_stopped_by_a_command(label: Label, pool: Path) -> None:
    terminal = label()
    terminal.wait_for("the model has read all 24")
    engine = engine_of(terminal)
    neufs("engine", "stop", pool)
    assert engine_of(terminal) == engine  # in use
    ending = os.pidfd_open(engine)
    hang_up(terminal)
    assert neufs("engine", "stop", pool).startswith(f"stopped {engine}\t")
    wait_for_end(ending)
    assert neufs("engine", "list") == ""


@pytest.mark.parametrize("app_first", [True, False])
def test_killing_both_leaves_nothing_that_hinders_the_next(
    label: Label, pool: Path, app_first: bool
) -> None:
    terminal = label()
    terminal.wait_for("the model has read all 24")
    engine = engine_of(terminal)
    ending = os.pidfd_open(engine)
    if app_first:
        kill(terminal)
        os.kill(engine, signal.SIGKILL)
    else:
        os.kill(terminal.child.pid, signal.SIGSTOP)
        os.kill(engine, signal.SIGKILL)
        kill(terminal)
    wait_for_end(ending)
    again = label()
    again.wait_for("the model has read all 24")
    assert engine_of(again) != engine
    again.press("q")
    assert again.finish() == 0
    assert not Place(pool.with_name("pool.neufs.db"), engines_dir()).is_taken
    assert list(engines_dir().iterdir()) == []


def test_a_kept_engine_that_is_killed_under_the_next_app_is_started_anew(label: Label) -> None:
    first = label()
    first.wait_for("the model has read all 24")
    engine = engine_of(first)
    hang_up(first)
    again = label()
    again.wait_for("the model has read all 24")
    assert children(again.child.pid) == []
    os.kill(engine, signal.SIGKILL)
    again.wait_for("the engine is back")
    assert engine_of(again) != engine
    again.press("q")
    assert again.finish() == 0
    assert list(engines_dir().iterdir()) == []
