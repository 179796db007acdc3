"""The set in the formats of others, by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.export.format import Needs
from neufs_tui.export.registry import FORMATS
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.cli.conftest import Ran
from tests.pools import write_rows

Run = Callable[..., Ran]


@pytest.fixture
def labelled(run: Run, pool: Path) -> Path:
    """A pool with six labels: no, yes, yes, no, yes, yes."""
    for number in range(6):
        label = "yes" if number % 3 else "no, not at all"
        names = ("--label", "yes", "--label", "no, not at all")
        assert run("add", pool, f"r{number}", label, *names).status == 0
    return pool


@pytest.fixture
def gold_file(tmp_path: Path) -> Path:
    rows = [{"text": f"New {at}.", "gold": "YES" if at else "no, not at all"} for at in range(3)]
    return write_rows(tmp_path / "new.jsonl", rows)


def ids(file: Path) -> list[str]:
    return [json.loads(line)["id"] for line in file.read_text().splitlines()]


def test_every_format_is_listed_with_who_reads_it(run: Run) -> None:
    ran = run("export", "--list")
    assert ran.status == 0
    words = " ".join(ran.out.split())
    assert "One prompt" in words and "One row an example" in words
    for name, form in FORMATS.items():
        assert name in words
        assert form.path in ran.out.replace("\n", "")


def test_several_formats_go_into_a_folder_each_with_its_manifest(
    run: Run, labelled: Path, gold_file: Path, tmp_path: Path
) -> None:
    names = [name for name, form in FORMATS.items() if form.needs is not Needs.TEMPLATE]
    # a label with blanks is what fastText cannot hold
    asked = [part for name in names if name != "fasttext" for part in ("--format", name)]
    out = tmp_path / "sets"
    ran = run(
        "export", labelled, *asked, "--test", gold_file, "--gold", "gold", "--check", "-o", out
    )
    assert ran.status == 0, ran.err
    assert ran.err.count("checked by ") == len(names) - 1
    for name in names:
        form, path = FORMATS[name], out / FORMATS[name].path
        if name == "fasttext":
            assert not path.exists()
            continue
        place = path / "manifest.json" if form.is_folder else Path(f"{path}.manifest.json")
        manifest = json.loads(place.read_text())
        assert (manifest["format"], manifest["k"]) == (name, 6)
        assert (path / "README.md").exists() is form.is_folder
    tests = (out / "lm_eval" / "test.jsonl").read_text().splitlines()
    assert [json.loads(line)["answer"] for line in tests] == [1, 0, 0]
    requests = (out / "requests.jsonl").read_text().splitlines()
    assert len(requests) == 18  # what is not decided in the pool

    again = run("export", labelled, *asked, "--test", gold_file, "--gold", "gold", "-o", out)
    assert again.status == 1
    assert "is there already" in again.err and "--force" in again.err


def test_one_file_goes_into_a_folder_that_is_named(
    run: Run, labelled: Path, tmp_path: Path
) -> None:
    for folder in (f"{tmp_path}/new/", tmp_path):
        assert run("export", labelled, "--format", "dspy", "-o", folder).status == 0
        assert (Path(folder) / "dspy.json.manifest.json").exists()


def test_nothing_is_written_where_one_format_cannot_hold_a_label(
    run: Run, labelled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sets"
    ran = run("export", labelled, "-f", "jsonl", "-f", "fasttext", "-o", out)
    assert ran.status == 1
    assert "'no, not at all'" in ran.err
    assert not out.exists()


def test_a_set_is_balanced_and_cut(run: Run, labelled: Path, tmp_path: Path) -> None:
    target = tmp_path / "set.jsonl"
    assert run("export", labelled, "--order", "balanced", "-k", 4, "-o", target).status == 0
    assert ids(target) == ["r0", "r1", "r3", "r2"]
    assert json.loads(Path(f"{target}.manifest.json").read_text())["order"] == "balanced"
    assert run("export", labelled, "-k", 4, "-o", target, "--force").status == 0
    assert ids(target) == ["r0", "r1", "r2", "r3"]
    assert json.loads(Path(f"{target}.manifest.json").read_text())["order"] == "selection"


def test_flagged_examples_are_left_out_unless_they_are_included(
    run: Run, labelled: Path, tmp_path: Path
) -> None:
    run("flag", labelled, "r1")
    target = tmp_path / "set.jsonl"
    ran = run("export", labelled, "-o", target)
    assert "1 flagged example left out" in ran.err
    assert ids(target) == ["r0", "r2", "r3", "r4", "r5"]
    ran = run("export", labelled, "--include", "flagged", "-o", target, "--force")
    assert "left out" not in ran.err
    assert ids(target) == ["r0", "r1", "r2", "r3", "r4", "r5"]
    manifest = json.loads(Path(f"{target}.manifest.json").read_text())
    assert [one["flagged"] for one in manifest["examples"]] == [False, True, *[False] * 4]


def test_a_redacted_field_is_nowhere(run: Run, labelled: Path, tmp_path: Path) -> None:
    target = tmp_path / "set.jsonl"
    ran = run("export", labelled, "--redact", "channel", "--redact", "id", "-o", target)
    assert ran.status == 0
    manifest = Path(f"{target}.manifest.json")
    for file in (target, manifest):
        assert "mail" not in file.read_text()
        assert '"r0"' not in file.read_text()
    assert json.loads(manifest.read_text())["redacted"] == ["channel", "id"]
    refused = run("export", labelled, "--redact", "chanel")
    assert refused.status == 2
    assert "'channel'" in refused.err


def test_check_examples_are_the_test_where_no_file_is(run: Run, pool: Path, tmp_path: Path) -> None:
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    with open_session(project) as session:
        for at, one in enumerate(project.pool.examples[:6]):
            decision = Decision(one.id, DecisionKind.LABEL, Answer("yes"), check=at % 2 == 0)
            session.record(decision, pick=None, seconds=None)
    out = tmp_path / "task"
    ran = run("export", pool, "--format", "lm-eval", "--check", "-o", out)
    assert ran.status == 0, ran.err
    assert "left out, but for the test" in ran.err
    shown = json.loads((out / "manifest.json").read_text())
    tested = [json.loads(line)["id"] for line in (out / "test.jsonl").read_text().splitlines()]
    assert tested == [one["id"] for one in shown["left_out"]["check"]] == ["r0", "r2", "r4"]
    assert shown["ids"] == ["r1", "r3", "r5"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--format", "hf"), "hf is a folder"),
        (("-f", "jsonl", "-f", "csv"), "several files"),
        (("--check",), "--check reads what was written"),
        (("--test", "t.jsonl"), "--test without a format that has a test"),
        (("--gold", "label"), "--gold without --test"),
        (("--texts", "t.jsonl"), "--texts without --format openai-batch"),
        (("--order", "balanced", "--choose"), "--choose and --order contradict"),
        (("--format", "dspy", "-o", "set.txt"), "ends with .json"),
    ],
)
def test_options_without_effect_are_refused(
    run: Run, labelled: Path, options: tuple[str, ...], words: str
) -> None:
    ran = run("export", labelled, *options)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err


def test_a_task_without_a_test_is_refused_with_what_gives_one(
    run: Run, labelled: Path, tmp_path: Path
) -> None:
    ran = run("export", labelled, "--format", "lm-eval", "-o", tmp_path / "task")
    assert ran.status == 1
    assert "--test FILE" in ran.err
    assert not (tmp_path / "task").exists()


def test_the_sessions_test_file_is_the_test_of_its_exports(
    run: Run, pool: Path, gold_file: Path, tmp_path: Path
) -> None:
    project = read_project(
        ProjectRequest(
            str(pool), labels=("yes", "no, not at all"), test=str(gold_file), gold="gold"
        )
    )
    with open_session(project) as session:
        for one in project.pool.examples[:2]:
            session.record(
                Decision(one.id, DecisionKind.LABEL, Answer("yes")), pick=None, seconds=None
            )
    assert run("export", pool, "--format", "hf", "--check", "-o", tmp_path / "hf").status == 0
    rows = (tmp_path / "hf" / "test.jsonl").read_text().splitlines()
    assert [json.loads(row)["label"] for row in rows] == ["no, not at all", "yes", "yes"]
