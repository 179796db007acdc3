"""A file with gold labels in the place of a check set: held, drawn from, and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.core.draws import draw_key
from neufs_tui.core.records import Answer, Decision, DecisionKind, content_hash
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.live_test import MOST_TEXTS
from neufs_tui.project.project import Project, open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.pools import write_rows


def write(path: Path, *numbers: int) -> Path:
    return write_rows(path, [{"text": f"text {n}", "label": "ab"[n % 2]} for n in numbers])


def read(pool: Path, **said: object) -> Project:
    request = {"source": str(pool), "labels": ("a", "b")} | said
    return read_project(ProjectRequest(**request))


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    return write(tmp_path / "pool.jsonl", *range(20))


def test_its_texts_are_taken_out_of_the_pool_and_that_is_said(pool: Path) -> None:
    test = write(pool.with_name("test.jsonl"), *range(15, 30))
    project = read(pool, test=str(test))
    assert project.test is not None
    assert [one.text for one in project.pool.examples] == [f"text {n}" for n in range(15)]
    assert project.test.gold == {content_hash(f"text {n}"): "ab"[n % 2] for n in range(15, 30)}
    assert project.test.name == "test.jsonl"
    assert project.notices == ("5 texts of the pool are in test.jsonl, and not asked",)
    workspace = Workspace(project, open_session(project))
    drawn = workspace.draws.next((), 30)
    assert {one.example_id for one in drawn}.isdisjoint(project.test.gold)
    assert len(workspace.examples) == len(drawn) == 15
    workspace.session.close()


def test_what_is_decided_is_left_out_of_it_and_stays_in_the_pool(pool: Path) -> None:
    session = open_session(read(pool))
    decided = content_hash("text 16")
    label = Decision(decided, DecisionKind.LABEL, Answer("a"))
    session.record(label, pick=None, seconds=None)
    session.close()
    test = write(pool.with_name("test.jsonl"), *range(15, 30))
    project = read(pool, test=str(test))
    assert project.test is not None and decided not in project.test.held
    assert decided in {one.id for one in project.pool.examples}
    said = "test.jsonl: 1 text left out: decided on in the session"
    assert project.notices == (said, "4 texts of the pool are in test.jsonl, and not asked")


def test_of_a_large_file_some_are_read_and_all_are_held(pool: Path) -> None:
    test = write(pool.with_name("test.jsonl"), *range(10, 350))
    project = read(pool, test=str(test), seed=3)
    assert project.test is not None
    every = sorted(
        (content_hash(f"text {n}") for n in range(10, 350)),
        key=lambda one: draw_key(one, 3, checks=True),
    )
    assert [one.id for one in project.test.texts] == every[:MOST_TEXTS]
    assert project.test.held == {*every}
    assert "test.jsonl: 200 of 340 texts are read, drawn by the seed" in project.notices
    assert len(project.pool.examples) == 10


def test_it_is_remembered_wherever_the_session_is_opened_until_it_is_taken_back(
    pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(pool.with_name("test.jsonl"), *range(15, 30))
    monkeypatch.chdir(pool.parent)
    open_session(read(pool, test="test.jsonl")).close()
    monkeypatch.chdir("/")
    again = read(pool)
    assert again.test is not None and len(again.pool.examples) == 15
    assert read(pool, test="").test is None


def test_a_configuration_names_it_from_its_own_folder(pool: Path) -> None:
    write(pool.with_name("gold.jsonl"), *range(15, 30))
    pool.with_name("neufs.toml").write_text('[selection]\ntest = "gold.jsonl"\n')
    project = read(pool)
    assert project.test is not None and project.test.name == "gold.jsonl"


@pytest.mark.parametrize("toml", ["", "[selection]\ncheck = 12\n"])
def test_a_test_and_a_check_set_exclude_each_other(pool: Path, toml: str) -> None:
    test = write(pool.with_name("test.jsonl"), *range(15, 30))
    pool.with_name("neufs.toml").write_text(toml)
    said = {} if toml else {"check": 12}
    other = "neufs.toml" if toml else "--check"
    refused = rf"a test file \(--test\) and a check set \({other}\) exclude each other"
    with pytest.raises(NeufsError, match=refused):
        read(pool, test=str(test), **said)
    assert read(pool, test=str(test), check=0).test is not None


def test_too_few_texts_and_labels_of_another_task_are_told(pool: Path) -> None:
    few = write(pool.with_name("few.jsonl"), *range(30, 35))
    assert read(pool, test=str(few)).notices == ("few.jsonl: fewer than 10 texts tell nothing",)
    with pytest.raises(NeufsError, match="gold labels that the task has not: 'b'"):
        read(pool, test=str(few), labels=("a", "c"))
    rows = write_rows(pool.with_name("other.jsonl"), [{"text": "x", "topic": "b"}])
    project = read(pool, test=str(rows), gold="topic")
    assert project.test is not None and [*project.test.gold.values()] == ["b"]
