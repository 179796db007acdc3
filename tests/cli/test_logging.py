"""What is logged goes to the file, never to the terminal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import write_pool
from tests.terminal import PROGRAM, Terminal


@pytest.mark.parametrize("command", ["scan", "select"])
def test_a_failure_is_a_sentence_on_the_terminal_and_a_traceback_in_the_log(
    tmp_path: Path, command: str
) -> None:
    pool = write_pool(tmp_path / "pool.jsonl")
    broken = tmp_path / "model"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "llama"}')
    arguments = [command, str(pool), "--label", "a", "--label", "b", "--model", str(broken)]
    ran = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "holds no tokenizer" in ran.stderr
    assert "Traceback" not in ran.stderr
    log = Path(os.environ["XDG_STATE_HOME"]) / "neufs-tui" / "neufs-tui.log"
    assert "Traceback" in log.read_text()


def test_a_log_that_cannot_be_written_is_told_and_stops_nothing(
    tmp_path: Path, tiny_llama: Path
) -> None:
    pool = write_pool(tmp_path / "pool.jsonl")
    (tmp_path / "file").write_text("where a folder should be")
    environment = {"XDG_STATE_HOME": str(tmp_path / "file")}
    arguments = ("label", str(pool), "--label", "a", "--label", "b", "--model", str(tiny_llama))
    with Terminal(*arguments, cwd=tmp_path, environment=environment) as terminal:
        terminal.wait_for("the model has read all 24")
        assert "no log is kept: " in " ".join(terminal.text.split())
        terminal.press("q")
        assert terminal.finish() == 0
    command = [PROGRAM, "stats", str(pool)]
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert ran.returncode == 0
    assert ran.stderr.startswith("no log is kept: ")
