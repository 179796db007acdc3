"""The labelling screen in a real pseudo-terminal, with a real engine process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from neufs_tui.core.text import plural
from neufs_tui.storage.paths import default_session_path
from neufs_tui.storage.session_glimpse import glimpse_session
from tests.cli.conftest import write_pool
from tests.terminal import PATIENCE_S, PROGRAM, Terminal, children, wait_for_end

LABELS = ("--label", "yes", "--label", "no, not at all")


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """Forty short texts, enough for NeuFS to choose from."""
    return write_pool(tmp_path / "pool.jsonl", n=40)


Label = Callable[[Path | str], Terminal]


@pytest.fixture
def label(pool: Path) -> Iterator[Label]:
    """Starts labelling with a model; what still runs ends with the test."""
    with ExitStack() as stack:
        yield lambda model: stack.enter_context(
            Terminal("label", str(pool), "--model", str(model), *LABELS, cwd=pool.parent)
        )


def shown(text: str) -> str:
    """The number of the example on the screen, such as `#12`."""
    found = re.search(r"#\d+ of \d+", text)
    assert found, text
    return found.group().split()[0]


def press(terminal: Terminal, key: str) -> None:
    """Press a key on an example, once there is one, and wait until something else is painted."""
    terminal.wait(lambda text: re.search(r"#\d+ of \d+", text), "an example")
    before = terminal.screen.display[3]
    terminal.press(key)
    terminal.wait(lambda _: terminal.screen.display[3] != before, f"anything but {before}")


def labelled(terminal: Terminal, number: int) -> str:
    return terminal.wait_for_labels(number)


def label_until_up_to_date(terminal: Terminal, *, labelled_already: int) -> int:
    """Label on until the engine has kept up, which on a busy machine takes a few examples.

    Returns:
        How many are labelled now.
    """
    for number in range(labelled_already + 1, 30):
        press(terminal, "12"[number % 2])
        if f"chosen with {plural(number, 'label')}" in labelled(terminal, number):
            return number
    raise AssertionError(f"the engine never kept up:\n{terminal.text}")


def wait_until_remembered(pool: Path) -> None:
    """Wait until the session has what is on the screen: it is stored right after the paint."""
    end = time.monotonic() + PATIENCE_S
    while glimpse_session(default_session_path(pool)).shown is None:
        assert time.monotonic() < end, "what is shown was never stored"


def stats(pool: Path) -> dict:
    return told_by("stats", pool)


def history(pool: Path) -> list[dict]:
    return told_by("history", pool)


def told_by(command: str, pool: Path) -> Any:
    asked = [PROGRAM, command, str(pool), "--json"]
    return json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)


def test_a_killed_session_goes_on_where_it_was(label: Label, pool: Path, tiny_llama: Path) -> None:
    first = label(tiny_llama)
    first.wait_for("the model has read all 40")
    for number in range(1, 10):
        press(first, "12"[number % 2])
        labelled(first, number)
    n_labelled = label_until_up_to_date(first, labelled_already=9)
    before = shown(first.text)
    wait_until_remembered(pool)
    engines = children(first.child.pid)
    first.kill()
    assert len(engines) == 1
    assert stats(pool)["labelled"] == n_labelled

    second = label(tiny_llama)
    text = labelled(second, n_labelled)
    assert shown(text) == before
    assert shown(second.wait_for("the model has read all 40")) == before
    undone: list[str] = []
    for n_undone in (1, 2, 3):
        press(second, "u")
        undone.append(shown(labelled(second, n_labelled - n_undone)))
    again = 0
    for number in range(n_labelled - 2, n_labelled + 3):
        second.wait(lambda text: re.search(r"#\d+ of \d+", text), "an example")
        again += shown(second.text) in undone
        press(second, "1")
        labelled(second, number)
    second.press("q")
    assert second.finish() == 0
    n_labelled += 2
    left = 40 - n_labelled
    assert f"40 examples: {n_labelled} labelled, 0 skipped, {left} left" in second.text
    told = stats(pool)
    assert told["labelled"] == n_labelled
    assert told["remaining"] == left
    assert sum(told["by_label"].values()) == n_labelled
    # the model's answer to what was undone had been shown beside hers
    assert again > 0
    held: dict[str, dict] = {}
    for one in history(pool):
        if one["kind"] == "undo":
            del held[one["hash"]]
        else:
            held[one["hash"]] = one
    # labels may have come before the model had answered
    compared = [one for one in held.values() if one["model_answer"] and not one["looked"]]
    assert (told["compared"], told["looked"]) == (len(compared), again)


def test_pasted_keys_label_one_example_at_most(label: Label, pool: Path, tiny_llama: Path) -> None:
    terminal = label(tiny_llama)
    terminal.wait_for("the model has read all 40")
    terminal.press("1" * 50)
    # Those read once the next display is there find no example yet, and are not counted
    terminal.wait(lambda text: re.search(r"\d+ keys? came too early", text), "keys not heeded")
    terminal.press("q")
    assert terminal.finish() == 0
    assert stats(pool)["labelled"] == 1


def test_labelling_goes_on_when_the_engine_is_killed(
    label: Label, pool: Path, tiny_llama: Path
) -> None:
    terminal = label(tiny_llama)
    terminal.wait_for("the model has read all 40")
    (engine,) = children(terminal.child.pid)
    os.kill(engine, signal.SIGKILL)
    terminal.wait(lambda _: b"starts again" in terminal.written, "that the engine starts again")
    press(terminal, "1")
    labelled(terminal, 1)
    press(terminal, "2")
    labelled(terminal, 2)
    terminal.wait(lambda text: "engine restarting" not in text, "the engine at work again")
    label_until_up_to_date(terminal, labelled_already=2)
    assert children(terminal.child.pid) not in ([], [engine])
    terminal.press("q")
    assert terminal.finish() == 0


def test_a_second_writer_is_refused_with_the_first_ones_process_id(
    label: Label, tiny_llama: Path
) -> None:
    first = label(tiny_llama)
    first.wait_for("the model has read all 40")
    second = label(tiny_llama)
    assert second.finish() == 1
    assert f"process {first.child.pid}" in " ".join(second.text.split())
    first.press("q")
    assert first.finish() == 0


def test_the_engine_ends_with_the_app(pool: Path, tiny_llama: Path) -> None:
    arguments = ["label", str(pool), "--model", str(tiny_llama), *LABELS]
    with Terminal(*arguments, cwd=pool.parent, command=(PROGRAM,)) as terminal:
        terminal.wait_for("the model has read all 40")
        (engine,) = children(terminal.child.pid)
        ending = os.pidfd_open(engine)
        os.kill(terminal.child.pid, signal.SIGKILL)
        wait_for_end(ending)


def test_a_model_that_is_not_there_leaves_a_sentence_and_random_draws(label: Label) -> None:
    terminal = label("./nowhere")
    terminal.wait_for("There is no folder ./nowhere.")
    assert "Drawn at random." in terminal.text
    press(terminal, "1")
    labelled(terminal, 1)
    terminal.press("q")
    assert terminal.finish() == 0


@pytest.mark.embedded
def test_the_sample_is_labelled_with_the_embedded_model(
    tmp_path: Path, embedded_models_dir: Path
) -> None:
    sample = Path(__file__).parents[2] / "sample_data"
    for name in ("pool.jsonl", "neufs.toml"):
        (tmp_path / name).write_bytes((sample / name).read_bytes())
    environment = {"XDG_CACHE_HOME": str(embedded_models_dir.parents[1])}
    started = {"cwd": tmp_path, "environment": environment, "command": (PROGRAM,)}
    with Terminal("label", "pool.jsonl", **started) as terminal:
        terminal.wait_for("smollm2-135m")
        terminal.wait_for_labels(0)
        terminal.wait(lambda text: re.search(r"#\d+ of 209", text) is not None, "an example")
        press(terminal, "1")
        labelled(terminal, 1)
        terminal.press(" ")
        terminal.wait_for("1 skipped")
        terminal.press("q")
        assert terminal.finish() == 0
        assert "209 examples: 1 labelled, 1 skipped, 207 left" in terminal.text


def test_back_from_the_shell_the_whole_screen_is_painted(
    label: Label, pool: Path, tiny_llama: Path
) -> None:
    terminal = label(tiny_llama)
    terminal.wait_for("the model has read all 40")
    before = shown(terminal.text)
    terminal.press("\x1a")
    terminal.wait_until_stopped()
    terminal.screen.reset()  # as the shell's own lines would have replaced it
    terminal.child.kill(signal.SIGCONT)
    terminal.wait_for_labels(0)
    assert shown(terminal.text) == before
    press(terminal, "1")
    labelled(terminal, 1)
    terminal.press("q")
    assert terminal.finish() == 0


def test_keys_that_cannot_be_are_told_in_the_shell_and_no_session_is_begun(
    label: Label, pool: Path
) -> None:
    (pool.parent / "neufs.toml").write_text('[keys]\nundo = "b"\nredo = "b"\n')
    terminal = label("./nowhere")
    assert terminal.finish() == 2
    assert "error: keys.undo and keys.redo are both on b" in terminal.text
    assert not [*pool.parent.glob("*.neufs.db*")]


def test_a_pool_that_grows_is_noticed_and_taken_in(
    label: Label, pool: Path, tiny_llama: Path
) -> None:
    terminal = label(tiny_llama)
    terminal.wait_for("the model has read all 40")
    press(terminal, "1")
    before = shown(labelled(terminal, 1))
    grown = write_pool(pool.with_name("grown.jsonl"), n=55).read_text()
    with pool.open("a") as file:
        file.write(grown[pool.stat().st_size : -9])  # the last line is not all there yet
    terminal.wait_for("the pool has changed: R takes it in")
    terminal.press("R")
    terminal.wait(lambda text: "1 bad line: line 55" in " ".join(text.split()), "a refusal")
    assert "39 left" in terminal.text
    pool.write_text(grown)
    terminal.press("R")
    terminal.wait(lambda text: "15 new texts, 55 now" in " ".join(text.split()), "what came")
    text = terminal.wait_for("53 of 53")  # all but the one labelled and the one shown
    assert "changed" not in text
    assert "1 of 16 labels · 54 left" in text
    assert shown(text) == before
    press(terminal, "2")
    labelled(terminal, 2)
    terminal.press("q")
    assert terminal.finish() == 0
    told = stats(pool)
    assert (told["labelled"], told["remaining"]) == (2, 53)
