"""Labelling without a screen: each command, and `serve`, on a tiny model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from neufs_tui.project.project import read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.session import Session
from tests.cli.conftest import Ran, write_pool
from tests.terminal import PATIENCE_S, PROGRAM, WITH_FORKS, Terminal, has_labels

Run = Callable[..., Ran]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path) -> Path:
    """Forty texts whose labels and model stand beside them."""
    return beside(tmp_path / "session", tiny_llama)


def beside(folder: Path, model: Path) -> Path:
    folder.mkdir()
    (folder / "neufs.toml").write_text(
        f'[model]\nname = "{model}"\ndtype = "float32"\n'
        '[selection]\nshots = 8\nrescore = "off"\n'
        '[[task.labels]]\nname = "yes"\n[[task.labels]]\nname = "no"\n'
    )
    return write_pool(folder / "pool.jsonl", n=40)


def label_of(text: str) -> str:
    """What an annotator would give: known from the text alone."""
    return "yes" if len(text) % 2 else "no"


class Server:
    """`serve` at the other end of two pipes."""

    def __init__(self, pool: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [*WITH_FORKS, "serve", str(pool), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        return self.send(json.dumps({"do": do} | arguments))

    def send(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        return json.loads(self.process.stdout.readline())

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_S)


@contextmanager
def serving(pool: Path, *options: str) -> Iterator[Server]:
    server = Server(pool, *options)
    try:
        yield server
        assert server.end() == 0
    finally:
        server.process.kill()
        server.process.wait()


def test_next_repeats_itself_until_its_example_is_decided(run: Run, pool: Path) -> None:
    first = run("next", pool, "--json")
    assert first.status == 0 and "scanned" not in first.err  # a draw needs no model
    assert first.json["why"] == "Drawn at random (seed 0), without the model."
    assert run("next", pool, "--json").json == first.json
    assert "model" not in first.json and first.json["labels"] == ["yes", "no"]
    said = run("next", pool)
    assert first.json["text"] in said.out and first.json["why"] in said.out
    made = run("add", pool, first.json["id"], "yes", "--json").json
    assert (made["label"], made["labelled"], made["left"]) == ("yes", 1, 39)
    assert made["by_label"] == {"yes": 1, "no": 0}
    assert made["set"].startswith("1 labelled, but yes has 1 and no none.")
    assert made["model"] is None
    chosen = run("next", pool, "--json")
    assert "the model has read all 40" in chosen.err
    second = chosen.json
    assert second["id"] != first.json["id"] and second["ranked_with"] == 1
    history = run("history", pool, "--json").json
    assert [event["chosen_by"] for event in history] == ["draw"]
    assert "random draw" in run("history", pool).out
    assert run("show", pool, first.json["id"], "--json").json["why"] == first.json["why"]
    assert run("undo", pool, "--json").json["id"] == first.json["id"]
    assert run("next", pool, "--json").json["id"] == first.json["id"]
    assert run("redo", pool, "--json").json["label"] == "yes"
    assert run("next", pool, "--json").json["id"] == second["id"]


def test_an_answer_that_was_revealed_is_recorded_as_looked_at(run: Run, pool: Path) -> None:
    run("next", pool)
    run("skip", pool)
    plain = run("next", pool)
    revealed = run("next", pool, "--reveal", "--json").json
    assert set(revealed["model"]["probabilities"]) == {"yes", "no"}
    assert "model:" not in plain.out and "model:" in run("next", pool, "--reveal").out
    run("add", pool, revealed["id"], "no")
    (_, event) = run("history", pool, "--json").json
    assert event["looked"] and event["model_answer"] == revealed["model"]["answer"]


def test_an_example_that_was_not_shown_is_marked_and_what_is_shown_stays(
    run: Run, pool: Path
) -> None:
    shown = run("next", pool, "--json").json
    other = "r7" if shown["id"] != "r7" else "r8"
    made = run("add", pool, other, "no", "--json").json
    assert (made["id"], made["model"]) == (other, None)
    assert run("next", pool, "--json").json["id"] == shown["id"]
    run("skip", pool)
    (given, skipped) = run("history", pool, "--json").json
    assert (given["id"], given["kind"], given["shown"]) == (other, "label", False)
    assert (skipped["id"], skipped["kind"], skipped["shown"]) == (shown["id"], "skip", True)
    assert "not shown" in run("history", pool).out
    known = run("show", pool, other, "--json").json
    assert (known["kind"], known["label"], known["shown"]) == ("label", "no", False)
    assert "skipped" in run("show", pool, shown["id"]).out
    assert "not decided" in run("show", pool, "#40").out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("add", "r99", "yes"), 2, "there is no example 'r99' in the pool"),
        (("add", "r1", "perhaps"), 2, "there is no label 'perhaps'"),
        (("skip",), 2, "no example was asked for yet"),
        (("undo",), 3, "there is nothing to undo"),
        (("redo",), 3, "there is nothing to redo"),
        (("show", "r99"), 2, "there is no example 'r99' in the pool"),
        (("history",), 1, "no session"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    arguments: tuple[str, ...], status: int, words: str, run: Run, pool: Path
) -> None:
    command, *rest = arguments
    ran = run(command, pool, *rest)
    assert ran.status == status and words in ran.err
    session = pool.with_name("pool.neufs.db")
    assert not session.exists() or run("stats", pool, "--json").json["labelled"] == 0


def test_nothing_left_has_an_exit_status_of_its_own(run: Run, pool: Path) -> None:
    for number in range(40):
        run("add", pool, f"r{number}", "yes")
    ran = run("next", pool)
    assert ran.status == 3 and "every example of the pool is decided" in ran.err


def test_next_on_a_scanned_pool_loads_no_model(run: Run, pool: Path) -> None:
    assert run("scan", pool).status == 0
    code = (
        "import sys; from neufs_tui.cli import main\n"
        "sys.argv = ['neufs-tui', 'next', sys.argv[1]]\n"
        "try: main()\n"
        "finally: print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(pool)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_changed_model_is_read_again(run: Run, pool: Path, tmp_path: Path) -> None:
    from tests.tiny import save_tiny_model

    model = save_tiny_model(tmp_path / "model")
    assert run("next", pool, "--model", model).status == 0
    run("skip", pool)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config, indent=1))
    again = run("next", pool, "--model", model)
    assert again.status == 0 and " weights: about " in again.err


def test_serve_answers_each_line_and_says_what_is_wrong_with_one(pool: Path) -> None:
    with serving(pool) as server:
        first = server.ask("next")
        assert first["ok"] and server.ask("next") == first
        assert server.send("nonsense")["error"].startswith("not JSON")
        assert server.send("[1]") == {
            "ok": False,
            "error": "a request is a JSON object",
            "hint": "",
        }
        assert "not a request" in server.ask("label")["error"]
        assert "no label 'x'" in server.ask("add", id=first["id"], label="x")["error"]
        assert server.ask("add", id=first["id"], label="yes")["labelled"] == 1
        assert server.ask("undo")["id"] == first["id"]
        assert server.ask("next")["id"] == first["id"]
        assert server.ask("redo")["ok"]
        assert len(server.ask("history")["events"]) == 3
        assert server.ask("show", id=first["id"])["label"] == "yes"
        assert server.ask("wait") == {"ok": True}


N_LABELS = 20
LABELLED_LINE = r"#(\d+) of 40"


def by_screen(pool: Path) -> None:
    """Twenty keys, each once what it follows is known."""
    texts = [json.loads(line)["text"] for line in pool.read_text().splitlines()]
    with Terminal("label", str(pool), cwd=pool.parent, rows=40, columns=120) as terminal:
        terminal.wait_for("the model has read all 40")
        for number in range(N_LABELS):
            # The engine ranks what may follow before it explains what is shown
            seen = terminal.wait(
                lambda text, n=number: (
                    has_labels(text, n)
                    and re.search(LABELLED_LINE, text)
                    and re.search(r"gap [\d,]+ of|of its [\d,]+ neurons (are|is) new", text)
                ),
                "an explained example",
            )
            found = re.search(LABELLED_LINE, seen)
            assert found is not None
            terminal.press("1" if label_of(texts[int(found[1]) - 1]) == "yes" else "2")
            terminal.wait_for_labels(number + 1)
        terminal.press("q")
        assert terminal.finish() == 0


def by_commands(pool: Path, run: Run) -> None:
    for _ in range(N_LABELS):
        shown = run("next", pool, "--json").json
        assert run("add", pool, shown["id"], label_of(shown["text"])).status == 0


def by_server(pool: Path) -> None:
    with serving(pool) as server:
        for _ in range(N_LABELS):
            shown = server.ask("next")
            assert server.ask("add", id=shown["id"], label=label_of(shown["text"]))["ok"]


def test_twenty_labels_are_the_same_by_screen_by_commands_and_by_serve(
    run: Run, tmp_path: Path, tiny_llama: Path
) -> None:
    pools = {way: beside(tmp_path / way, tiny_llama) for way in ("screen", "commands", "serve")}
    assert run("scan", pools["screen"]).status == 0
    by_screen(pools["screen"])
    by_commands(pools["commands"], run)
    by_server(pools["serve"])
    journals, exports = [], []
    for pool in pools.values():
        path = read_project(ProjectRequest(str(pool))).session_path
        with Session.open(path, write=False) as session:
            journals.append(
                [
                    (event.seq, event.kind, event.example, event.answer, event.looked, event.shown)
                    for event in session.history()
                ]
            )
            picks = [one.pick for one in session.decided()]
            assert None not in picks
            journals[-1].append(picks)  # type: ignore[arg-type]
        exports.append(run("export", pool).out)
    assert journals[0] == journals[1] == journals[2]
    assert exports[0] == exports[1] == exports[2]
    assert len(exports[0].splitlines()) == N_LABELS


def test_a_check_set_is_the_same_by_commands_and_by_serve(
    run: Run, tmp_path: Path, tiny_llama: Path
) -> None:
    pools = {way: beside(tmp_path / way, tiny_llama) for way in ("commands", "serve")}
    assert run("scan", pools["commands"]).status == 0
    assert run("next", pools["commands"], "--check", 5).status == 0
    said = []
    for _ in range(12):
        shown = run("next", pools["commands"], "--json").json  # it is remembered how many
        said.append(re.sub(r"[.]\d\d", "…", shown["why"]))
        run("add", pools["commands"], shown["id"], label_of(shown["text"]))
    facts = "To the model, its two likeliest labels are … apart."
    assert set(said[1:9]) == {facts} and facts not in said[10:]
    with serving(pools["serve"], "--check", "5") as server:
        for _ in range(12):
            shown = server.ask("next")
            made = server.ask("add", id=shown["id"], label=label_of(shown["text"]))
        assert (made["labelled"], made["checked"]) == (12, 5)
        shown = server.ask("show", id=shown["id"])
        assert shown["check"] is False
    journals = [run("history", pool, "--json").json for pool in pools.values()]
    for journal in journals:
        assert [event["check"] for event in journal].count(True) == 5
        assert not any(event["check"] for event in journal[10:])
        assert {event["chosen_by"] for event in journal if event["check"]} == {"check"}
    asked = [
        [(one["id"], one["check"], one["model_answer"]) for one in journal] for journal in journals
    ]
    assert asked[0] == asked[1]
    pool = pools["serve"]
    assert "check example" in run("history", pool).out
    (checked,) = [event["id"] for event in journals[1] if event["check"]][:1]
    assert "A check example, drawn at random" in run("show", pool, checked).out
    stats = run("stats", pool, "--json").json
    assert (stats["labelled"], stats["checked"], sum(stats["by_label"].values())) == (7, 5, 7)
    assert "checked    5" in run("stats", pool).out
    exported = run("export", pool)
    assert len(exported.out.splitlines()) == 7 and "5 check examples left out" in exported.err
    written = tmp_path / "few_shot.jsonl"
    assert run("export", pool, "-o", written).status == 0
    manifest = json.loads((tmp_path / "few_shot.jsonl.manifest.json").read_text())
    assert {one["id"] for one in manifest["left_out"]["check"]}.isdisjoint(manifest["ids"])
    assert len(manifest["left_out"]["check"]) == 5 and manifest["strategy"]["check"] == 5


def test_a_check_set_has_room_in_half_of_the_pool_and_nothing_but_it_is_no_set(
    run: Run, pool: Path
) -> None:
    first = run("next", pool, "--check", 30, "--json")
    said = "20 check examples instead of 30: more would be over half of the pool's 40 texts"
    assert first.status == 0 and said in first.err
    assert first.json["why"] == "The model had not read this text when it came."
    run("add", pool, first.json["id"], "yes")
    refused = run("export", pool)
    assert refused.status == 1
    assert "nothing but 1 check example is labelled yet" in refused.err
    assert run("next", pool, "--check", -1).status == 2


def test_the_shell_loop_of_the_readme_labels_a_pool(pool: Path) -> None:
    (loop,) = re.findall(r"```sh\n(field.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert len(loop.splitlines()) <= 10
    given = ["yes", "no", "yes"]
    done = subprocess.run(
        ["bash", "-c", loop],
        cwd=pool.parent,
        input="\n".join(given) + "\n",
        env={**os.environ, "PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with Session.open(pool.with_name("pool.neufs.db"), write=False) as session:
        assert [one.answer.text for one in session.decided()] == given
