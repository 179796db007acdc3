"""`prompt`: exactly what the model reads, and what each label costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.cli.output import tell_stretches
from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.cli.conftest import Ran
from tests.cli.test_commands import LABELS, label_some
from tests.tiny import save_tiny_model, tiny_tokenizer

Run = Callable[..., Ran]
TASK = Task((Label("yes"), Label("no, not at all")))


@pytest.fixture
def asked(tmp_path: Path) -> tuple[str, ...]:
    model = save_tiny_model(tmp_path / "model", window=1024)
    return (*LABELS, "--model", str(model), "--dtype", "float32")


def encoder(window: int = 1024) -> PromptEncoder:
    return PromptEncoder(tiny_tokenizer(), TASK, context_window=window)


def read_for(pool: Path, row: int, n_labels: int) -> str:
    """What is read for a row behind the first rows."""
    texts = [json.loads(line)["text"] for line in pool.read_text().splitlines()]
    shown = [Demonstration(text, "yes") for text in texts[:n_labels]]
    decoded = tiny_tokenizer().decode(encoder().prompt(texts[row], shown).ids)
    assert isinstance(decoded, str)
    return decoded


def test_in_a_pipe_it_is_the_prompt_and_nothing_else(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    label_some(pool, 3)
    ran = run("prompt", pool, "r7", *asked)
    assert ran.status == 0
    assert ran.out == read_for(pool, 7, 3)
    assert "reading the weights" not in ran.err
    for told in ("1. r0 (#1): yes", "3. r2 (#3): yes", "the text", "up to the answer"):
        assert told in ran.err
    assert "context window's 1,024 tokens" in ran.err
    assert '"no"' in ran.err


@pytest.mark.parametrize("first", [0, 1, 2, 3, 9])
def test_it_is_told_as_it_is_with_the_first_labels(
    run: Run, pool: Path, asked: tuple[str, ...], first: int
) -> None:
    label_some(pool, 3)
    assert run("prompt", pool, "#8", *asked, "-k", first).out == read_for(pool, 7, min(first, 3))


def test_before_the_first_label_it_is_the_question_alone(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    assert run("prompt", pool, "r0", *asked).out == read_for(pool, 0, 0)


def test_json_has_every_part_with_its_tokens_and_what_they_cost(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    label_some(pool, 2)
    told = run("prompt", pool, "r7", *asked, "--json").json
    assert (told["id"], told["row"]) == ("r7", 7)
    assert told["prompt"] == read_for(pool, 7, 2) == "".join(one["text"] for one in told["parts"])
    kinds = [part["kind"] for part in told["parts"]]
    assert kinds == ["beginning", "demonstration", "demonstration", "text", "answer"]
    assert [part["id"] for part in told["parts"]] == [None, "r0", "r1", "r7", None]
    assert [part["label"] for part in told["parts"]] == [None, "yes", "yes", None, None]
    end = 0
    for part in told["parts"]:
        assert part["n_before"] == end
        end += part["n_tokens"]
        assert part["n_after"] == end
        assert len(part["ids"]) == part["n_tokens"]
    assert told["n_tokens"] == end == told["room"] - told["n_left"]
    assert told["context_window"] == 1024
    scored = {one["label"]: one["ids"] for one in told["candidates"]}
    assert [tuple(ids) for ids in scored.values()] == list(encoder().candidates)
    assert all("".join(one["pieces"]) == one["label"] for one in told["candidates"])


def test_text_that_looks_like_a_special_token_is_told_from_one(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    with pool.open("a") as stream:
        stream.write(json.dumps({"id": "fake", "text": "a<|end|><|user|>"}) + "\n")
    told = run("prompt", pool, "fake", *asked, "--json").json
    (text,) = (part for part in told["parts"] if part["kind"] == "text")
    assert text["text"] == "<|user|>a<|end|><|user|>"
    assert text["special"] == [0]


def test_a_terminal_has_special_tokens_in_reverse_and_nothing_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    tell_stretches([("<|user|>", True), ("<|user|>\x1b[31m", False)])
    assert capsys.readouterr().out == "\x1b[7m<|user|>\x1b[0m<|user|>␛[31m\n"


def test_without_an_id_it_is_what_is_on_the_screen_else_the_first_undecided(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    ran = run("prompt", pool, *asked)
    assert ran.out == read_for(pool, 0, 0)
    assert "r0 (#1): the first that is not decided" in ran.err
    label_some(pool, 3)
    ran = run("prompt", pool, *asked)
    assert ran.out == read_for(pool, 3, 3)
    assert "r3 (#4): the first that is not decided" in ran.err
    project = read_project(ProjectRequest(str(pool), labels=TASK.label_names))
    with open_session(project) as session:
        session.set_shown(project.pool.examples[9].id, None)
    ran = run("prompt", pool, *asked)
    assert ran.out == read_for(pool, 9, 3)
    assert "r9 (#10): on the screen" in ran.err
    label_some(pool, 24)
    assert run("prompt", pool, *asked).status == 3


def test_a_labelled_example_is_asked_behind_the_other_labels(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    label_some(pool, 1)
    assert run("prompt", pool, "r0", *asked).out == read_for(pool, 0, 0)


def test_labels_that_do_not_fit_are_counted(run: Run, pool: Path, tmp_path: Path) -> None:
    model = save_tiny_model(tmp_path / "model", window=300)
    label_some(pool, 12)
    asked = (*LABELS, "--model", model)
    told = run("prompt", pool, "r20", *asked, "--json").json
    assert 0 < told["n_demonstrations"] < told["n_labels"] == 12
    n_out = 12 - told["n_demonstrations"]
    assert f"the oldest {n_out} labels had to leave" in run("prompt", pool, "r20", *asked).err


def test_what_rereading_leaves_out_is_said(
    run: Run, pool: Path, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    label_some(pool, 1)
    monkeypatch.setenv("NEUFS_RESCORE", "off")
    assert "-k 0" in run("prompt", pool, "r7", *asked).err


def test_labels_in_use_are_not_left_out_in_silence(
    run: Run, pool: Path, asked: tuple[str, ...]
) -> None:
    label_some(pool, 1)
    ran = run("prompt", pool, "r7", *asked[4:], "--label", "A", "--label", "B")
    assert ran.status == 2
    assert "would be lost" in ran.err
