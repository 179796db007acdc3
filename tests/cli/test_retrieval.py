"""`export --retrieval`: a folder that shows a text the examples nearest to it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.core.records import Demonstration
from neufs_tui.engine.set_readings import Demonstrations, WantedEach
from neufs_tui.evaluation import few_shot_sets
from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.pools import AWKWARD, write_rows

Run = Callable[..., Ran]
NUMBERS = (3, 8, 5, 21)
NAMES = ["examples.jsonl", "index.json", "manifest.json", "prompt.json", "retrieve.py"]


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path, run: Run) -> Path:
    """Forty texts, four of them labelled."""
    path = beside(tmp_path / "session", tiny_llama)
    write_pool(path, n=40)
    for number in NUMBERS:
        assert run("add", path, f"r{number}", "no" if number % 3 else "yes").status == 0
    return path


def test_the_folder_has_examples_prompt_index_loader_and_manifest(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "nearest"
    told = run("export", pool, "--retrieval", 2, "-o", folder)
    assert (told.status, told.out) == (0, ""), told.err
    assert f"wrote 4 examples to {folder}, with retrieve.py" in told.err
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    rows = [json.loads(line) for line in (folder / "examples.jsonl").open()]
    assert [(row["id"], row["label"]) for row in rows] == [
        ("r3", "yes"),
        ("r8", "no"),
        ("r5", "no"),
        ("r21", "yes"),
    ]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["format"], manifest["order"]) == ("retrieval", "selection")
    assert manifest["calibration"] is None
    assert (manifest["retrieval"]["k"], manifest["retrieval"]["weighed_by_texts"]) == (2, 40)
    again = run("export", pool, "--retrieval", 3, "-o", folder)
    assert again.status == 1 and "is there already" in again.err
    assert run("export", pool, "--retrieval", 3, "-o", folder, "--force").status == 0
    assert json.loads((folder / "prompt.json").read_text())["k"] == 3
    assert run("export", pool, "-o", tmp_path / "fixed.jsonl").status == 0
    fixed = json.loads((tmp_path / "fixed.jsonl.manifest.json").read_text())
    assert fixed["retrieval"] is None
    assert (tmp_path / "fixed.jsonl").read_text() == (folder / "examples.jsonl").read_text()


def test_evaluate_measures_the_prompts_that_the_loader_makes(
    run: Run, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text for text in AWKWARD if "\x00" not in text]
    texts += [f"Variation {n}. Something else {n}." for n in range(20)]
    gold = write_rows(tmp_path / "gold.jsonl", ({"text": text, "label": "no"} for text in texts))
    asked: dict[str, Demonstrations] = {}

    def noted(shown: list[Demonstrations], texts: list) -> WantedEach:
        asked.update({one.text: each for one, each in zip(texts, shown, strict=True)})
        return WantedEach(shown, texts)

    monkeypatch.setattr(few_shot_sets, "WantedEach", noted)
    told = run("evaluate", pool, "--test", gold, "--retrieval", 3, "--json")
    assert told.status == 0, told.err
    assert run("export", pool, "--retrieval", 3, "-o", tmp_path / "nearest").status == 0
    messages = runpy.run_path(str(tmp_path / "nearest" / "retrieve.py"))["messages"]
    assert {*texts} <= {*asked}
    for text in texts:
        turns = messages(text)[1:-1]
        shown = [
            Demonstration(user["content"], answer["content"])
            for user, answer in zip(turns[::2], turns[1::2], strict=True)
        ]
        assert tuple(shown) == asked[text]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--retrieval", "2"), "--retrieval writes a folder"),
        (("--retrieval", "2", "--choose"), "--retrieval and --choose contradict each other"),
        (("--retrieval", "2", "--format", "jsonl"), "--retrieval and --format contradict"),
        (
            ("--retrieval", "2", "-o", "x", "--dtype", "float32"),
            "--dtype without --choose or --readout",
        ),
        (("--encoding", "latin1"), "--encoding without --choose, --readout or --retrieval has"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    run: Run, pool: Path, options: tuple[str, ...], words: str
) -> None:
    told = run("export", pool, *options)
    assert (told.status, told.out) == (2, "")
    assert words in told.err


def test_what_cannot_be_done_leaves_no_folder(run: Run, pool: Path, tmp_path: Path) -> None:
    folder = tmp_path / "nearest"
    for arguments, words in (
        ((pool, "--retrieval", 5, "-o", folder), "5 nearest examples were asked for and 4"),
        ((pool, "--retrieval", 2, "-o", folder / "in" / "it"), "in is not there"),
    ):
        told = run("export", *arguments)
        assert told.status == 1
        assert words in told.err
        assert not folder.exists()
