"""`predict` on a tiny model."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind, Pick, content_hash
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.cli.conftest import Ran, write_pool
from tests.cli.test_headless import beside
from tests.pools import AWKWARD, write_rows

Run = Callable[..., Ran]


def decide(path: Path, n_checks: int = 0, *, looked: int = 0) -> None:
    """Twelve labels, a skip, an accepted suggestion, and check examples, some after a look."""
    project = read_project(ProjectRequest(str(path)))
    with open_session(project) as session:
        for example in project.pool.examples[: 14 + n_checks]:
            answer, kind = Answer("no" if example.row % 3 else "yes"), DecisionKind.LABEL
            if example.row == 5:
                kind, answer = DecisionKind.SKIP, None
            check = example.row >= 14
            decision = Decision(example.id, kind, answer, check=check)
            if example.row == 7:
                accepted = Decision(example.id, DecisionKind.ACCEPT, answer, hunted=True)
                pick = Pick(example.id, None, None, {}, n_scanned=60, n_labelled=6)
                session.record_page([(accepted, pick)])
            else:
                is_looked_at = check and example.row < 14 + looked
                session.record(decision, pick=None, seconds=None, looked=is_looked_at)


@pytest.fixture
def pool(tmp_path: Path, tiny_llama: Path) -> Path:
    """Sixty texts, of which `decide` decides on some."""
    path = beside(tmp_path / "session", tiny_llama)
    return write_pool(path, n=60)


@pytest.fixture
def others(tmp_path: Path) -> Path:
    texts = [text for text in AWKWARD if "\x00" not in text]
    rows = [{"id": f"o{at}", "text": text} for at, text in enumerate(texts)]
    return write_rows(tmp_path / "others.jsonl", [*rows, {"text": "Without an id."}])


def read(told: Ran) -> list[dict]:
    assert told.status == 0, told.err
    return [json.loads(line) for line in told.out.splitlines()]


def test_the_rest_of_the_pool_gets_labels_and_what_was_accepted_is_listed(
    run: Run, pool: Path
) -> None:
    decide(pool)
    told = run("predict", pool)
    rows = read(told)
    assert [row["id"] for row in rows] == ["r7", *(f"r{number}" for number in range(14, 60))]
    assert (rows[0]["label"], rows[0]["by"]) == ("no", "accepted")
    assert {row["by"] for row in rows[1:]} == {"readout"}
    for row in rows:
        assert [*row] == ["id", "text", "label", "probability", "probabilities", "by"]
        assert [*row["probabilities"]] == ["yes", "no"]
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["probability"] == row["probabilities"][row["label"]]
        if row["by"] != "accepted":
            assert row["probability"] == max(row["probabilities"].values())
    assert "by readout: 0 labels were kept apart, and fewer than 8 tell" in told.err
    assert run("predict", pool).out == told.out
    assert "PyTorch" not in run("predict", pool, "--by", "readout").err  # all is stored


def test_other_texts_are_predicted_in_their_order_with_their_ids(
    run: Run, pool: Path, others: Path, tmp_path: Path
) -> None:
    decide(pool)
    target = tmp_path / "labels.csv"
    told = run("predict", pool, others, "--format", "csv", "-o", target)
    assert (told.status, told.out) == (0, ""), told.err
    texts = [json.loads(line)["text"] for line in others.open()]
    assert f"wrote {len(texts)} rows to {target}" in told.err
    table = [*csv.DictReader(io.StringIO(target.read_bytes().decode(), newline=""))]
    assert [row["text"] for row in table] == texts
    assert [row["id"] for row in table[:-1]] == [f"o{at}" for at in range(len(texts) - 1)]
    assert table[-1]["id"] == content_hash("Without an id.")
    lines = read(run("predict", pool, others))
    for row, line in zip(table, lines, strict=True):
        assert float(row["probability of yes"]) == line["probabilities"]["yes"]
    assert "is there already" in run("predict", pool, others, "-o", target).err
    assert run("predict", pool, others, "-o", target, "--force").status == 0


def test_texts_of_the_pool_get_the_same_label_from_a_file_of_their_own(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    decide(pool)
    rows = read(run("predict", pool, "--by", "readout"))
    again = write_rows(
        tmp_path / "again.jsonl", ({"id": row["id"], "text": row["text"]} for row in rows)
    )
    told = run("predict", pool, again, "--by", "readout")
    for row, other in zip(rows, read(told), strict=True):
        assert other["probabilities"] == pytest.approx(row["probabilities"], abs=1e-6)
        assert other["by"] == "readout"
    labelled = write_rows(tmp_path / "labelled.jsonl", [json.loads(next(pool.open()))])
    told = run("predict", pool, labelled, "--by", "readout")
    assert "1 text has a label in the session, and predicted like" in told.err


def test_the_check_set_says_which_way_is_best_and_looks_do_not_count(run: Run, pool: Path) -> None:
    decide(pool, n_checks=12, looked=4)
    told = run("predict", pool)
    rows = read(told)
    assert "mean log-likelihood of the labels of 8 texts (check set):" in " ".join(told.err.split())
    figures = told.err.split("(check set): ")[1].split("\n")[0]
    best = max(figures.split(", "), key=lambda one: float(one.split(" by ")[0].replace("−", "-")))
    assert {row["by"] for row in rows[1:]} == {best.split(" by ")[1]}
    ways = {way: read(run("predict", pool, "--by", way)) for way in ("readout", "prompt", "both")}
    assert ways[best.split(" by ")[1]] == rows
    shares = [[row["probability"] for row in one] for one in ways.values()]
    assert shares[0] != shares[1] != shares[2] != shares[0]


def test_the_figure_of_the_readout_is_that_of_its_predictions(
    run: Run, pool: Path, tmp_path: Path
) -> None:
    decide(pool, n_checks=12, looked=4)
    checked = [json.loads(line) for line in pool.open()][18:26]
    told = run("predict", pool)
    rows = read(run("predict", pool, write_rows(tmp_path / "c.jsonl", checked), "--by", "readout"))
    of_gold = [
        row["probabilities"]["no" if number % 3 else "yes"]
        for number, row in enumerate(rows, start=18)
    ]
    mean = sum(map(math.log, of_gold)) / len(of_gold)
    figure = told.err.split("(check set): −")[1].split(" by readout")[0]
    assert float(figure) == pytest.approx(-mean, abs=0.0051)


def test_by_the_prompt_the_pool_is_not_scanned(run: Run, pool: Path, others: Path) -> None:
    decide(pool)
    told = run("predict", pool, others, "--by", "prompt")
    rows = read(told)
    assert {row["by"] for row in rows} == {"prompt"}
    n_read = len(rows) + 48  # the calibration sample: all that is not labelled
    assert f"{n_read}/{n_read} texts" in told.err
    assert "60/60" not in told.err
    assert "only the newest" in told.err  # the tiny model's window is short


def test_one_check_example_less_and_the_readout_predicts(run: Run, pool: Path) -> None:
    decide(pool, n_checks=11, looked=4)
    told = run("predict", pool)
    assert "by readout: 7 labels were kept apart" in told.err


def test_a_test_file_says_it_in_the_check_sets_place(
    run: Run, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = [{"text": f"Another text, number {n}.", "label": "no"} for n in range(9)]
    monkeypatch.setenv("NEUFS_TEST", str(write_rows(tmp_path / "gold.jsonl", gold)))
    decide(pool, n_checks=9)
    assert "labels of 9 texts (gold.jsonl): −" in run("predict", pool).err


def test_what_evaluate_measures_is_what_is_predicted(run: Run, pool: Path, tmp_path: Path) -> None:
    decide(pool)
    gold = [
        {"text": f"Another text, number {n}.", "label": "no" if n % 3 else "yes"} for n in range(30)
    ]
    path = write_rows(tmp_path / "gold.jsonl", gold)
    (report,) = run("evaluate", pool, "--test", path, "--readout", "--json").json["reports"]
    (test,) = report["tests"]
    learned = {one["classifier"]: one for one in test["learned"]}
    measured = {
        "prompt": test["sets"][1]["calibrated"],
        "readout": learned["readout"],
        "both": learned["readout + prompt"],
    }
    for way, one in measured.items():
        rows = read(run("predict", pool, path, "--by", way))
        right = sum(row["label"] == of["label"] for row, of in zip(rows, gold, strict=True))
        assert one["accuracy"]["value"] == pytest.approx(right / 30), way


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("nowhere.jsonl",), 2, "there is no file nowhere.jsonl"),
        (("-o", "nowhere/labels.jsonl"), 1, "its folder is not there"),
        (("--by", "chance"), 2, "'chance' is not one of"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_read(
    run: Run, pool: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    decide(pool)
    told = run("predict", pool, *arguments)
    assert (told.status, told.out) == (status, "")
    assert words in told.err
    assert "PyTorch" not in told.err


def test_without_a_label_nothing_is_predicted(run: Run, pool: Path) -> None:
    told = run("predict", pool)
    assert told.status == 2
    assert "nothing is labelled yet" in told.err
    assert not pool.with_name("pool.neufs.db").exists()


def test_when_all_is_decided_other_texts_are_asked_for(run: Run, pool: Path, others: Path) -> None:
    write_pool(pool, n=7)
    decide(pool)
    told = run("predict", pool)
    assert (told.status, told.out) == (3, "")
    assert "every text" in told.err
    assert run("predict", pool, others).status == 0
