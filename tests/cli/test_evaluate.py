"""`evaluate` on a tiny model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.pools import write_rows

Run = Callable[..., Ran]


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path, run: Run) -> Path:
    """Sixty texts, four of them labelled."""
    path = beside(tmp_path / "session", tiny_llama)
    write_pool(path, n=60)
    for number, label in ((3, "yes"), (8, "no"), (5, "yes"), (21, "no")):
        assert run("add", path, f"r{number}", label).status == 0
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
    assert "calibrated on 55 texts of the pool" in told.err or "calibrated on" in told.err
    (test,) = told.json["tests"]
    assert test["texts"] == 30
    assert [one["set"] for one in test["sets"]] == [
        "no demonstrations",
        "your 4 labels",
        "2 of them at random",
    ]
    assert [one["demonstrations"] for one in test["sets"]] == [[0], [4], [2, 2, 2]]
    for one in test["sets"]:
        for kind in ("raw", "calibrated"):
            accuracy = one[kind]["accuracy"]
            assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
            assert sum(map(sum, one[kind]["confusion"])) == pytest.approx(30)
    assert [len(each) for each in told.json["offsets"]] == [1, 1, 3]
    assert sum(told.json["prior"]) == pytest.approx(1)
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


def test_without_a_label_the_model_is_measured_by_itself(
    run: Run, tmp_path: Path, tiny_llama: Path, gold: Path
) -> None:
    told = run("evaluate", beside(tmp_path / "new", tiny_llama), "--test", gold)
    assert told.status == 0, told.err
    assert "nothing is labelled yet" in told.err
    assert "not calibrated: fewer than 2 labels" in told.err
    assert "no demonstrations" in told.out


def test_without_a_test_it_is_refused(run: Run, pool: Path) -> None:
    told = run("evaluate", pool)
    assert told.status == 2
    assert "there is nothing to test on" in told.err
