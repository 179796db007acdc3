"""`export --readout`: a folder that tells the label of any text as `predict` does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.core.prompts import chat_messages
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.engine.configure import engine_config
from neufs_tui.engine.exported_readout import load
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import learn_readout
from neufs_tui.errors import ModelError, UsageError
from neufs_tui.evaluation.few_shot_sets import nearest_by_readout
from neufs_tui.evaluation.project_sets import her_set
from neufs_tui.project.project import read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.session import Session
from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.cli.test_predict import decide, read
from tests.pools import AWKWARD, examples_of, write_rows
from tests.tiny import save_tiny_model

Run = Callable[..., Ran]
NAMES = ["manifest.json", "readout.json", "readout.npz", "readout.py"]
TEXTS = [*AWKWARD, "The same twice.", "Something longer, " * 20, "A", "The same twice."]


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path) -> Path:
    """Sixty texts, twelve of them labelled, two in the check set."""
    path = beside(tmp_path / "session", tiny_llama)
    write_pool(path, n=60)
    decide(path, n_checks=2)
    return path


def predicted(run: Run, pool: Path, tmp_path: Path) -> list[dict[str, float]]:
    """What `predict` says of the texts, in their order."""
    file = write_rows(tmp_path / "texts.jsonl", ({"text": text} for text in TEXTS))
    rows = read(run("predict", pool, file, "--by", "readout"))
    of_text = {row["text"]: row["probabilities"] for row in rows}
    return [of_text[text] for text in TEXTS]


def test_a_fresh_process_tells_what_predict_tells(run: Run, pool: Path, tmp_path: Path) -> None:
    folder = tmp_path / "classifier"
    told = run("export", pool, "--readout", folder)
    assert (told.status, told.out) == (0, ""), told.err
    assert f"wrote what 12 labels teach to {folder}, with readout.py" in told.err
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    code = "import json, readout, sys; print(json.dumps(readout.predict(json.load(sys.stdin))))"
    out = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        cwd=folder,
        # a cache of its own, so that every text is read by the process itself
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "elsewhere")},
    )
    assert out.returncode == 0, out.stderr
    found = json.loads(out.stdout)
    expected = predicted(run, pool, tmp_path)
    assert len(found) == len(TEXTS)
    for one, other in zip(found, expected, strict=True):
        assert [*one] == ["yes", "no"]
        assert one == pytest.approx(other, abs=1e-3)  # batches are others, and round otherwise
    assert found[-1] == found[-4]
    assert max(one["yes"] for one in found) - min(one["yes"] for one in found) > 0.01


def test_texts_see_the_examples_that_evaluate_shows_them(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "nearest"
    told = run("export", pool, "--retrieval", 3, "--readout", folder)
    assert (told.status, told.out) == (0, ""), told.err
    assert "retrieve_by_readout.py, which finds them with the model" in told.err
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["retrieval"]["nearest_by_readout"] and manifest["readout"]["labels"] == 12
    examples = [json.loads(line) for line in (folder / "examples.jsonl").open()]
    queries = [*TEXTS[:-1], examples[4]["text"]]
    code = (
        "import json, sys; from retrieve_by_readout import messages;"
        "print(json.dumps(messages(json.load(sys.stdin))))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert out.returncode == 0, out.stderr
    project = read_project(ProjectRequest(str(pool)))
    with Session.open(project.session_path, write=False) as session:
        decisions, labelled = session.decisions(), session.decided()
    config = engine_config(project, CaptureSettings())
    texts = [*examples_of(queries), *(one.example for one in labelled)]
    needed = NeededModel(config, lambda _: None)
    learned = learn_readout(config, decisions, texts, needed, lambda _: None)
    assert learned is not None
    by_readout = nearest_by_readout(her_set(labelled).draws[0], 3, learned, texts)
    (each,) = by_readout.wanted(texts[: len(queries)])
    expected = [
        [*chat_messages(config.task, shown, text.text)]
        for shown, text in zip(each.demonstrations, each.texts, strict=True)
    ]
    assert json.loads(out.stdout) == expected
    assert len(expected[-1]) == 8  # the instruction, three pairs of turns, the question
    assert examples[4]["text"] not in str(expected[-1][:-1])


def test_a_readout_alone_shows_no_examples(run: Run, pool: Path, tmp_path: Path) -> None:
    folder = tmp_path / "classifier"
    assert run("export", pool, "--readout", folder).status == 0
    with pytest.raises(UsageError, match="no examples to be shown"):
        load(folder, device="cpu").nearest(["A text."])


def test_the_manifest_says_what_it_is_of_and_files_that_are_there_stay(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "classifier"
    assert run("export", pool, "--readout", folder).status == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["format"], manifest["k"], manifest["order"]) == ("readout", 12, "selection")
    readout = manifest["readout"]
    assert (readout["labels"], readout["texts"]) == (12, 60)
    assert sum(one["share"] for one in readout["settings"]) == pytest.approx(1)
    assert [*readout["offsets"]] == ["yes", "no"]
    assert len(manifest["left_out"]["check"]) == 2
    assert "Variation" not in (folder / "readout.json").read_text()  # no text leaves the pool
    known = json.loads((folder / "readout.json").read_text())["model"]
    assert manifest["model"]["fingerprint"] == known["fingerprint"]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = run("export", pool, "--readout", folder)
    assert again.status == 1 and "is there already" in again.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run("export", pool, "--readout", folder, "--force").status == 0
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: after[name] for name in NAMES[1:]} == {name: before[name] for name in NAMES[1:]}


def test_another_model_is_refused_unless_it_is_told(run: Run, pool: Path, tmp_path: Path) -> None:
    folder = tmp_path / "classifier"
    assert run("export", pool, "--readout", folder).status == 0
    other = save_tiny_model(tmp_path / "other", seed=1)
    with pytest.raises(ModelError, match="is not the model that the readout") as caught:
        load(folder, model=str(other), device="cpu")
    assert "export again" in caught.value.hint
    (allowed,) = load(folder, model=str(other), device="cpu", any_model=True).predict(["A text."])
    assert sum(allowed.values()) == pytest.approx(1)
    (same,) = load(folder, device="cpu").predict(["A text."])
    assert same != allowed
    assert load(folder, device="cpu").predict([]) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("readout.json", None, "cannot be read"),
        ("readout.json", "[]", "holds no readout"),
        ("readout.json", '{"version": 0, "neufs-tui": "9"}', "is of another version"),
        ("readout.npz", "no archive", "holds no readout"),
    ],
)
def test_what_is_no_readout_is_said(
    run: Run, pool: Path, tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    folder = tmp_path / "classifier"
    assert run("export", pool, "--readout", folder).status == 0
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    with pytest.raises(UsageError, match=words):
        load(folder)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-k", "2"), "--readout and -k contradict each other"),
        (("-o", "x"), "--readout and -o contradict each other"),
        (("--choose",), "--readout and --choose contradict each other"),
        (("--format", "csv"), "--readout and --format contradict each other"),
        (("--retrieval", "2", "-o", "x"), "--readout and -o contradict each other"),
        (("--retrieval", "2", "-k", "2"), "--readout and -k contradict each other"),
    ],
)
def test_options_that_contradict_it_are_refused(
    run: Run, pool: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    told = run("export", pool, "--readout", tmp_path / "classifier", *options)
    assert (told.status, told.out) == (2, "")
    assert words in told.err
    assert not (tmp_path / "classifier").exists()
