"""Commands on pools of other kinds than JSON lines, from the session's name to the export."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
LABELS = ("--label", "yes", "--label", "no")
ROWS = [{"id": f"r{n}", "text": f"text {n}", "meta": {"topic": "x"}} for n in range(12)]


def write(folder: Path, form: str) -> Path:
    """The rows as a pool of some form."""
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    match form:
        case "jsonl.gz":
            path = folder / "pool.jsonl.gz"
            path.write_bytes(gzip.compress(lines))
        case "tasks":
            path = folder / "pool.json"
            tasks = [
                {"id": row["id"], "data": {"text": row["text"]}, "meta": row["meta"]}
                for row in ROWS
            ]
            path.write_text(json.dumps([one | {"annotations": []} for one in tasks]))
        case "parquet":
            pa = pytest.importorskip("pyarrow")
            from pyarrow import parquet

            path = folder / "pool.parquet"
            parquet.write_table(pa.Table.from_pylist(ROWS), path)
        case _:
            datasets = pytest.importorskip("datasets")
            path = folder / "pool"
            datasets.Dataset.from_list(ROWS).save_to_disk(path)
    return path


@pytest.mark.parametrize("form", ["jsonl.gz", "tasks", "parquet", "saved"])
def test_what_is_labelled_is_kept_beside_the_pool_and_exported(
    run: Run, tmp_path: Path, form: str
) -> None:
    pool = write(tmp_path, form)
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no")))
    with open_session(project) as session:
        for example in project.pool.examples[:3]:
            label = Decision(example.id, DecisionKind.LABEL, Answer("yes"))
            session.record(label, pick=None, seconds=None)
    assert (tmp_path / "pool.neufs.db").is_file()
    rows = [json.loads(line) for line in run("export", pool).out.splitlines()]
    assert [(row["id"], row["text"], row["label"], row["meta"]) for row in rows] == [
        (row["id"], row["text"], "yes", row["meta"]) for row in ROWS[:3]
    ]
    assert ("annotations" in rows[0]) == (form == "tasks")
    assert "remaining  9" in run("stats", pool).out


def test_labels_may_come_from_within_an_object(run: Run, tmp_path: Path, tiny_llama: Path) -> None:
    model = ("--model", tiny_llama, "--dtype", "float32")
    pool = tmp_path / "pool.jsonl"
    rows = [row | {"meta": {"topic": "yn"[n % 2]}} for n, row in enumerate(ROWS)]
    pool.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = run("scan", pool, "--labels-from", "meta.topic", *model)
    assert ran.status == 0, ran.err
    assert "2 labels from 'meta.topic' in 12 of 12 rows" in ran.err


def test_texts_to_predict_and_test_on_may_be_gzipped(
    run: Run, tmp_path: Path, tiny_llama: Path
) -> None:
    model = ("--model", tiny_llama, "--dtype", "float32")
    pool = write(tmp_path, "jsonl.gz")
    test = tmp_path / "test.json.gz"
    rows = [{"data": {"text": f"test {n}"}, "gold": {"is": "yes"}} for n in range(9)]
    test.write_bytes(gzip.compress(json.dumps(rows).encode()))
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no")))
    with open_session(project) as session:
        for example in project.pool.examples[:4]:
            answer = Answer("no" if example.row else "yes")
            label = Decision(example.id, DecisionKind.LABEL, answer)
            session.record(label, pick=None, seconds=None)
    ran = run("predict", pool, test, *LABELS, *model, "--by", "readout")
    assert ran.status == 0, ran.err
    assert [json.loads(line)["text"] for line in ran.out.splitlines()] == [
        row["data"]["text"] for row in rows
    ]
    assert f"{test}: the text is under 'data.text'" in ran.err
    ran = run("evaluate", pool, *LABELS, *model, "--test", test, "--gold", "gold.is", "--json")
    assert ran.status == 0, ran.err
    assert "the text is under 'data.text'" in ran.err


def test_what_is_no_pool_is_one_sentence(run: Run, tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl.gz"
    pool.write_text('{"text": "a"}\n')
    (tmp_path / "empty").mkdir()
    for source, said in (
        (pool, "is no gzip file"),
        (tmp_path / "empty", "is a folder without a data set"),
        (tmp_path / "empty/test", "there is no file"),
    ):
        ran = run("scan", source, *LABELS)
        assert ran.status == 2
        assert said in ran.err and " hint: " in ran.err
        assert "Traceback" not in ran.err
