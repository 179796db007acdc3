"""Ids, labels, texts, fields and names that would steer a terminal are shown, by every command."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import sys
import threading
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui import cli
from neufs_tui.cli import main
from neufs_tui.core.records import Answer, Decision, DecisionKind, Pick
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.cli.conftest import Ran
from tests.fakes import explanation, reason
from tests.pools import write_rows
from tests.terminal import Terminal

HOSTILE = "[/x][bold]:smile:\x1b]2;owned\x07\x1b[9;9H\x9b9m\x90\x85\u202e\u2066\b\x7f\x0b"
KINDS = (f"yes {HOSTILE}", f"no {HOSTILE}")
STYLING = re.compile(r"\x1b\[[\d;]*m|\x1b\[\?25[lh]|\x1b\[\d*A|\r?\x1b\[2K|\r(?=\n|\x1b|$)")
"""What rich writes for itself."""
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    folder = tmp_path / "a[b]\x1b[31m"
    folder.mkdir()
    path = folder / "po\x1b]2;owned\x07ol[i].jsonl"
    rows = [
        {
            "id": f"row[/x]{number}{HOSTILE}",
            "text": f"Text {number} {HOSTILE}\r\nand \rmore",
            "kind": KINDS[number % 2],
            HOSTILE: HOSTILE,
        }
        for number in range(12)
    ]
    return write_rows(path, rows)


@pytest.fixture
def model(tiny_llama: Path, tmp_path: Path) -> Path:
    """The tiny model in a folder with an odd name."""
    folder = tmp_path / "mo\x1b[31mdel[bold]"
    folder.symlink_to(tiny_llama)
    return folder


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command in this process with both streams on a terminal; returns what it wrote."""

    def run(*arguments: object) -> str:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        chunks: list[bytes] = []

        def read() -> None:
            try:
                while chunk := os.read(ours, 65536):
                    chunks.append(chunk)
            except OSError:
                return  # how a terminal ends on Linux

        reader = threading.Thread(target=read)
        reader.start()
        with (
            os.fdopen(theirs, "w", encoding="utf-8") as stream,
            monkeypatch.context() as patched,
        ):
            patched.setattr(sys, "argv", ["neufs-tui", *map(str, arguments)])
            patched.setattr(sys, "stdout", stream)
            patched.setattr(sys, "stderr", stream)
            patched.setenv("TERM", "xterm-256color")
            patched.setenv("COLUMNS", "500")
            with pytest.raises(SystemExit):
                main()
        reader.join()
        os.close(ours)
        return b"".join(chunks).decode()

    return run


def label_two(pool: Path) -> None:
    """As the screen would; the first with what the panel said."""
    project = read_project(ProjectRequest(str(pool), labels_from="kind"))
    first, second, third, *_ = project.pool.examples
    shown = Pick(first.id, reason(), KINDS[0], (0.7, 0.3), 12, 2, n_demonstrations=2)
    panel = explanation(first.id, (second.id, third.id))
    with open_session(project) as session:
        label = Decision(first.id, DecisionKind.LABEL, Answer(KINDS[1]))
        session.record(label, pick=shown, seconds=None, panel=panel)
        session.record(
            Decision(second.id, DecisionKind.LABEL, Answer(KINDS[0])), pick=None, seconds=None
        )


def hostile_labels(pool: Path) -> Path:
    """A file with a label to take, one that differs, a text with two, and texts of no example."""
    rows = [json.loads(line) for line in pool.read_text().splitlines()]
    texts = [
        rows[4],
        rows[0],
        rows[5],
        rows[5],
        rows[6] | {"text": HOSTILE},
        {"text": f"No {HOSTILE}"},
    ]
    path = pool.parent / f"la{HOSTILE.replace('/', '')}.jsonl"
    kinds = enumerate(texts)
    return write_rows(path, (row | {"label": KINDS[at % 2]} for at, row in kinds))


def commands(pool: Path, model: Path) -> dict[str, list[object]]:
    """Every command that shows something of a file without a screen, and what it says of errors."""
    asked = ["--labels-from", "kind", "--model", model, "--dtype", "float32", "--device", "cpu"]
    return {
        "scan": ["scan", pool, *asked],
        "select": ["select", pool, "-n", 3, *asked],
        "select --json": ["select", pool, "-n", 3, *asked, "--json"],
        "explain": ["explain", pool, "#7", *asked],
        "prompt": ["prompt", pool, "#7", *asked],
        "prompt --json": ["prompt", pool, "#7", *asked, "--json"],
        "explain --json": ["explain", pool, "#7", *asked, "--json"],
        "explain a label": ["explain", pool, "#1", *asked],
        "evaluate": ["evaluate", pool, *asked, "--test", pool, "--gold", "kind"],
        "evaluate --json": ["evaluate", pool, *asked, "--test", pool, "--gold", "kind", "--json"],
        "no set": ["evaluate", pool, *asked, "--test", pool, "--set", HOSTILE],
        "predict": ["predict", pool, *asked, "--by", "readout"],
        "predict csv": ["predict", pool, pool, *asked, "--format", "csv"],
        "no texts": ["predict", pool, HOSTILE, *asked],
        "stats": ["stats", pool],
        "stats --json": ["stats", pool, "--json"],
        "export": ["export", pool],
        "export csv": ["export", pool, "--format", "csv"],
        "export chat": ["export", pool, "--format", "chat"],
        "import": ["import", pool, hostile_labels(pool)],
        "import --json": ["import", pool, hostile_labels(pool), "--json"],
        "labels nobody has": ["import", pool, pool, "--label-field", HOSTILE],
        "no labels": ["import", pool, pool],
        "history of it": ["history", pool],
        "list": ["list", pool, "given"],
        "next": ["next", pool, *asked],
        "next --json": ["next", pool, *asked, "--reveal", "--json"],
        "history": ["history", pool],
        "history --json": ["history", pool, "--json"],
        "show": ["show", pool, "#1"],
        "show --json": ["show", pool, "#7", "--json"],
        "add": ["add", pool, "#7", KINDS[0]],
        "an unknown label": ["add", pool, "#7", HOSTILE],
        "an unknown model": ["models", "get", HOSTILE],
        "an unknown example": ["explain", pool, HOSTILE, *asked],
        "an unknown option": ["stats", pool, f"--{HOSTILE}"],
        "an unknown field": ["scan", pool, "--text-field", f"{HOSTILE}!"],
        "no model": ["scan", pool, *asked[:2], "--model", f"./{HOSTILE}"],
        "no pool": ["scan", f"{pool}{HOSTILE}"],
        "no session": ["export", f"{pool.parent / HOSTILE}x.jsonl"],
    }


def test_in_a_pipe_and_on_a_terminal_nothing_from_a_file_steers(
    run: Callable[..., Ran], on_terminal: Callable[..., str], pool: Path, model: Path
) -> None:
    label_two(pool)
    for name, command in commands(pool, model).items():
        ran = run(*command)
        shown = STYLING.sub("", on_terminal(*command))
        # in a pipe an export is the data itself, and so are predictions and a prompt
        is_data = name.startswith(("export", "predict")) or name == "prompt"
        for text in (shown, ran.err, "" if is_data else ran.out):
            assert not STEERING.search(text), (name, text)
            assert "Traceback" not in text, (name, text)
        if name.endswith("--json"):
            begins = re.search(r"^[\[{]\r?$", shown, re.M)
            assert begins is not None
            assert json.loads(shown[begins.start() :]) == ran.json
        if name in ("explain", "explain a label", "select"):
            assert "row[/x]" in ran.out


def test_json_and_exports_in_a_pipe_are_exact(
    run: Callable[..., Ran], pool: Path, model: Path
) -> None:
    label_two(pool)
    rows = [json.loads(line) for line in pool.read_text().splitlines()]
    told = commands(pool, model)
    by_id = {row["id"]: row["text"] for row in rows}
    picks = run(*told["select --json"]).json["picks"]
    assert [by_id[pick["id"]] for pick in picks] == [pick["text"] for pick in picks]
    assert run(*told["explain --json"]).json["id"] == rows[6]["id"]
    assert list(run(*told["stats --json"]).json["by_label"]) == sorted(KINDS)
    exported = [json.loads(line) for line in run(*told["export"]).out.split("\n") if line]
    assert [row["text"] for row in exported] == [rows[0]["text"], rows[1]["text"]]
    table = list(csv.DictReader(io.StringIO(run(*told["export csv"]).out, newline="")))
    assert [row["text"] for row in table] == [rows[0]["text"], rows[1]["text"]]
    predicted = [json.loads(line) for line in run(*told["predict"]).out.split("\n") if line]
    assert [(row["id"], row["text"]) for row in predicted] == [
        (row["id"], row["text"]) for row in rows[2:]
    ]
    table = list(csv.DictReader(io.StringIO(run(*told["predict csv"]).out, newline="")))
    assert [(row["id"], row["text"]) for row in table] == [*by_id.items()]
    assert {f"probability of {kind}" for kind in KINDS} < {*table[0]}


def test_nothing_from_a_file_steers_the_screen(pool: Path, model: Path) -> None:
    with Terminal(
        *("label", str(pool), "--labels-from", "kind", "--model", str(model)), cwd=pool.parent
    ) as terminal:
        terminal.wait_for("the model has read all 12")
        terminal.wait_for("row[/x]")
        for key, words in (("w", "Why this example"), ("?", "What the numbers mean")):
            terminal.press(key)
            terminal.wait_for(words)
        terminal.press("\x1b")
        terminal.wait_for("Strongest neurons")
        terminal.press("\x1b")
        terminal.wait_for("the model has read all 12")
        terminal.press("l")
        terminal.wait_for("type a part")
        terminal.press("\r")
        terminal.wait_for_labels(1)
        terminal.press("q")
        assert terminal.finish() == 0
        assert "1 labelled" in terminal.text
        written = terminal.written.decode()
        assert "owned" in written
        for steering in (
            "\x1b]2;owned",
            "\x1b[9;9H",
            "owned\x07",
            "\x9b",
            "\x90",
            "\x85",
            "\u202e",
        ):
            assert steering not in written, repr(steering)


def test_no_command_prints_past_the_one_way_to_the_terminal() -> None:
    folder = Path(cli.__file__).parent
    allowed = {"output.py", "narrator.py"}  # the second draws bars, and shows its sentences
    for module in folder.glob("*.py"):
        if module.name not in allowed:
            past = re.search(r"click\.s?echo\(|Console\(|(?<![.\w])print\(", module.read_text())
            assert past is None, (module, past)
