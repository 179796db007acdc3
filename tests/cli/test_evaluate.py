"""`evaluate` on a tiny model."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.core.settings import ModelChoice
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.statistics.classification import figures as measure
from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.pools import write_rows
from tests.tiny import save_tiny_model

Run = Callable[..., Ran]


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path, run: Run) -> Path:
    """Sixty texts, eight of them labelled."""
    path = beside(tmp_path / "session", tiny_llama)
    write_pool(path, n=60)
    for number in (3, 8, 5, 21, 40, 11, 30, 2):
        assert run("add", path, f"r{number}", "no" if number % 3 else "yes").status == 0
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    rows = [
        {"text": f"Another text, number {n}.", "label": "no" if n % 3 else "yes"} for n in range(30)
    ]
    return write_rows(tmp_path / "gold.jsonl", rows)


def test_her_labels_are_measured_against_none_and_random_ones(
    run: Run, pool: Path, gold: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report.md"
    told = run("evaluate", pool, "--test", gold, "--json", "--markdown", page)
    assert told.status == 0, told.err
    basis = "on 52 texts of the pool, with the classes expected as in 8 labels given"
    assert f"calibrated {basis}" in told.err
    (report,) = told.json["reports"]
    (test,) = report["tests"]
    assert test["texts"] == 30
    assert [one["set"] for one in test["sets"]] == [
        "no demonstrations",
        "your 8 labels",
        "4 of them, random",
    ]
    assert [one["demonstrations"] for one in test["sets"]] == [[0], [8], [4, 4, 4]]
    for one in test["sets"]:
        for kind in ("raw", "calibrated"):
            accuracy = one[kind]["accuracy"]
            assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
            assert sum(map(sum, one[kind]["confusion"])) == pytest.approx(30)
    assert [len(each) for each in report["offsets"]] == [1, 1, 3]
    assert report["calibrated"] == basis
    assert sum(report["prior"]) == pytest.approx(1)
    assert page.read_text().startswith("# What the few-shot set is worth")
    again = run("evaluate", pool, "--test", gold, "--json")
    assert again.json == told.json


def test_another_set_and_the_sum_of_log_probabilities(
    run: Run, pool: Path, gold: Path, tmp_path: Path
) -> None:
    exported = tmp_path / "two.jsonl"
    assert run("export", pool, "-k", "2", "-o", exported).status == 0
    shown = ["evaluate", pool, "--test", gold, "--test", pool.with_name("home.jsonl")]
    home = write_rows(shown[-1], [json.loads(line) | {"label": "no"} for line in gold.open()])
    told = run(*shown, "--set", exported, "--score", "sum", "--no-calibration")
    assert told.status == 0, told.err
    assert "two.jsonl, 2 labels" in told.out
    assert "calibrated" not in told.out
    assert f"{home.stem}: 30 texts" in told.out
    assert max(map(len, told.out.splitlines())) <= 80


def test_the_nearest_labels_are_measured_beside_the_fixed_set(
    run: Run, pool: Path, gold: Path
) -> None:
    asked = ["evaluate", pool, "--test", gold, "--draws", "1"]
    asked += ["--retrieval", "8", "--retrieval", "2", "--retrieval", "2"]
    told = run(*asked, "--json")
    assert told.status == 0, told.err
    (report,) = told.json["reports"]
    (test,) = report["tests"]
    names = [one["set"] for one in test["sets"]]
    assert names[1:] == [
        "your 8 labels",
        "4 of them, random",
        "nearest 8 by words",
        "nearest 2 by words",
    ]
    assert [one["demonstrations"] for one in test["sets"]][3:] == [[8], [2]]
    pairs = {(one["set"], one["against"]) for one in test["differences"]}
    assert {(names[1], names[3]), (names[3], names[0]), (names[4], names[0])} <= pairs
    assert [len(each) for each in report["offsets"]] == [1] * 5
    shown = run(*asked)
    fit = "nearest 8 by words: only the nearest 4 fit into the model's context window"
    assert fit in shown.out
    assert "nearest 2 by words − no" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    by_both = run(*asked, "--readout", "--json").json["reports"][0]["tests"][0]["sets"]
    assert by_both[:5] == test["sets"]
    assert [one["set"] for one in by_both[5:]] == [
        "nearest 8 by readout",
        "nearest 2 by readout",
    ]


def test_more_labels_than_there_are_cannot_be_the_nearest(run: Run, pool: Path, gold: Path) -> None:
    told = run("evaluate", pool, "--test", gold, "--retrieval", 9)
    assert told.status == 2
    assert "the nearest 9 labels and 8 labels were given" in told.err
    assert "PyTorch" not in told.err


def test_what_labels_teach_without_a_prompt_is_measured_beside_it(
    run: Run, pool: Path, gold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encoder(choice: ModelChoice) -> Callable[[Sequence[str]], NDArray[np.float32]]:
        assert (choice.name, choice.device) == ("some-encoder", "cpu")
        return lambda texts: np.array([[len(text), 1.0] for text in texts], np.float32)

    monkeypatch.setattr("neufs_tui.model.sentence_encoder.sentence_encoder", encoder)
    asked = ["evaluate", pool, "--test", gold, "--readout", "--encoder", "some-encoder"]
    asked += ["--device", "cpu", "--draws", "2"]
    told = run(*asked, "--json")
    assert told.status == 0, told.err
    (test,) = told.json["reports"][0]["tests"]
    learned = {one["classifier"]: one for one in test["learned"]}
    assert [*learned] == [
        "readout",
        "readout + prompt",
        "readout, 4 of them, random",
        "sentence encoder",
        "sentence encoder, 4 of them, random",
    ]
    pairs = {(one["set"], one["against"]) for one in test["differences"]}
    assert {("readout", "your 8 labels"), ("readout", "sentence encoder")} <= pairs
    shown = run(*asked)
    assert "learned from your labels" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_it_has_the_figures_of_what_predict_writes(run: Run, pool: Path, gold: Path) -> None:
    told = run("evaluate", pool, "--test", gold, "--readout", "--json", "--draws", 1)
    (test,) = told.json["reports"][0]["tests"]
    learned = {one["classifier"]: one for one in test["learned"]}
    measured = {
        "readout": learned["readout"],
        "both": learned["readout + prompt"],
        "prompt": test["sets"][1]["calibrated"],
    }
    expected = [json.loads(line)["label"] for line in gold.open()]
    names = [one["name"] for one in measured["readout"]["classes"]]
    for way, figures in measured.items():
        written = run("predict", pool, gold, "--by", way)
        assert written.status == 0, written.err
        rows = [json.loads(line) for line in written.out.splitlines()]
        pairs = Counter(zip(expected, (row["label"] for row in rows), strict=True))
        assert figures["confusion"] == [[pairs[of, as_] for as_ in names] for of in names]
        shares = np.array([[row["probabilities"][name] for name in names] for row in rows])
        classes = np.array([names.index(label) for label in expected])
        again = measure([shares], classes, names)
        assert again.calibration_error == pytest.approx(figures["calibration_error"], abs=1e-6)


def test_without_its_library_an_encoder_is_refused_before_anything_is_read(
    run: Run, pool: Path, gold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    told = run("evaluate", pool, "--test", gold, "--encoder", "any")
    assert told.status == 2
    assert "needs sentence-transformers" in told.err and "neufs-tui[embed]" in told.err
    assert "PyTorch" not in told.err


def test_without_a_label_the_model_is_measured_by_itself(
    run: Run, tmp_path: Path, tiny_llama: Path, gold: Path
) -> None:
    told = run("evaluate", beside(tmp_path / "new", tiny_llama), "--test", gold)
    assert told.status == 0, told.err
    assert "nothing is labelled yet" in told.err
    assert "not calibrated: fewer than 8 labels" in told.err
    assert "no demonstrations" in told.out


def test_without_a_test_it_is_refused(run: Run, pool: Path) -> None:
    told = run("evaluate", pool)
    assert told.status == 2
    assert "there is nothing to test on" in told.err


def test_models_and_prompts_are_compared_on_the_same_labels(
    run: Run, pool: Path, gold: Path, tmp_path: Path, tiny_llama: Path
) -> None:
    other = save_tiny_model(tmp_path / "other", seed=1)
    config = tmp_path / "polite.toml"
    config.write_text('[task]\ninstruction = "Please answer yes or no."\n')
    asked = ["evaluate", pool, "--test", gold, "--model", tiny_llama, "--model", other]
    told = run(*asked, "--config", config, "--dtype", "float32", "--markdown", tmp_path / "r.md")
    assert told.status == 0, told.err
    page = told.out.split("gold, side by side")[1]
    assert "other, your 8 labels − tiny-llama" in page
    assert "polite, your 8 labels − tiny-llama" in page
    assert "## gold, side by side" in (tmp_path / "r.md").read_text()
    same = run(*asked[:6], "--config", config, "--json").json["reports"]
    first, second = (one["tests"][0]["sets"] for one in same)
    assert [one["name"] for one in same] == [tiny_llama.name, "polite"]
    assert first != second


def test_a_prompt_for_other_labels_is_refused(
    run: Run, pool: Path, gold: Path, tmp_path: Path
) -> None:
    config = tmp_path / "other.toml"
    config.write_text('[[task.labels]]\nname = "yes"\n[[task.labels]]\nname = "maybe"\n')
    told = run("evaluate", pool, "--test", gold, "--config", config)
    assert told.status == 2
    assert "names 2 labels that are not the task's 2" in told.err


def test_without_a_test_file_the_check_set_is_the_test(
    run: Run, tmp_path: Path, tiny_llama: Path
) -> None:
    path = beside(tmp_path / "session", tiny_llama)
    project = read_project(ProjectRequest(str(path)))
    with open_session(project) as session:
        for example in project.pool.examples[:8]:
            answer = Answer("yes" if example.row % 3 else "no")
            check = example.row % 2 == 0
            label = Decision(example.id, DecisionKind.LABEL, answer, check=check)
            session.record(label, pick=None, seconds=None, looked=example.row == 4)
    told = run("evaluate", path, "--json")
    assert told.status == 0, told.err
    (test,) = told.json["reports"][0]["tests"]
    assert (test["name"], test["texts"]) == ("check set", 3)
    assert "1 label given after a look at the answer left out" in told.err
    assert test["sets"][1]["set"] == "your 4 labels"


@pytest.mark.parametrize("option", ["--markdown", "--chart"])
def test_what_cannot_be_written_is_refused_before_anything_is_read(
    run: Run, pool: Path, gold: Path, tmp_path: Path, option: str
) -> None:
    told = run("evaluate", pool, "--test", gold, option, tmp_path / "nowhere" / "report.png")
    assert told.status != 0
    assert "report.png cannot be written: its folder is not there" in told.err
    assert "PyTorch" not in told.err
