"""The first text: where the session was left, else a draw that reading the pool finds too."""

from __future__ import annotations

import gzip
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from neufs_tui.core.draws import Draws, drawn
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.project.first_text import first_text
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.pools import write_rows


@pytest.fixture
def request_(tmp_path: Path) -> ProjectRequest:
    rows = [{"input": f"text {n} {'word ' * 400}"} for n in range(300)]
    pool = write_rows(tmp_path / "pool.jsonl", rows)
    return ProjectRequest(str(pool), labels=("a", "b"))


def test_a_new_session_begins_with_a_draw_of_the_pool(request_: ProjectRequest) -> None:
    first = first_text(request_)
    assert first is not None and first == first_text(request_)
    by_id = {one.id: one.text for one in read_project(request_).pool.examples}
    assert by_id[first.example.id] == first.example.text
    assert first.pick == drawn(first.example.id, 0)
    assert first.task is not None and first.task.label_names == ("a", "b")
    assert not Path(request_.source).with_name("pool.neufs.db").exists()


def test_an_old_session_goes_on_with_what_was_shown_and_leaves_no_trace_of_the_look(
    request_: ProjectRequest, tmp_path: Path
) -> None:
    project = read_project(request_)
    one, other = project.pool.examples[7], project.pool.examples[8]
    with open_session(project) as session:
        decision = Decision(one.id, DecisionKind.LABEL, Answer("a"))
        session.record(decision, pick=None, seconds=None)
        session.set_shown(other.id, drawn(other.id, 4))
        while_open = first_text(request_)
    files = sorted(tmp_path.iterdir())
    bare = ProjectRequest(request_.source)
    first = first_text(bare)
    assert sorted(tmp_path.iterdir()) == files
    assert first is not None and while_open is not None
    assert first.example == while_open.example
    assert (first.example.text, first.pick, first.n_labels) == (other.text, drawn(other.id, 4), 1)
    assert first.task is not None and first.task.label_names == ("a", "b")


def test_what_was_decided_since_is_neither_shown_nor_drawn(request_: ProjectRequest) -> None:
    project = read_project(request_)
    first = first_text(request_)
    assert first is not None
    with open_session(project) as session:
        session.set_shown(first.example.id, first.pick)
        session.record(Decision(first.example.id, DecisionKind.SKIP), pick=None, seconds=None)
    again = first_text(request_)
    assert again is not None and again.example.id != first.example.id


def test_while_check_examples_come_the_first_text_is_one(request_: ProjectRequest) -> None:
    checking = replace(request_, check=2)
    first = first_text(checking)
    assert first is not None and not first.tells_why
    assert first.pick == drawn(first.example.id, 0, check=True)
    with open_session(read_project(checking)) as session:
        for example in read_project(checking).pool.examples[:2]:
            decision = Decision(example.id, DecisionKind.LABEL, Answer("a"), check=True)
            session.record(decision, pick=None, seconds=None)
        session.set_shown(first.example.id, first.pick)
    again = first_text(request_)  # it is remembered how many
    assert again is not None and again.tells_why
    assert (again.pick, again.n_labels) == (first.pick, 0)


def test_a_session_of_another_pool_shows_nothing_of_it(
    request_: ProjectRequest, tmp_path: Path
) -> None:
    project = read_project(request_)
    with open_session(project) as session:
        session.set_shown(project.pool.examples[0].id, None)
    other = write_rows(tmp_path / "pool.ndjson", [{"text": "another"}])
    first = first_text(ProjectRequest(str(other)))
    assert first is not None and first.example.text == "another"


def test_a_session_that_cannot_be_read_is_left_to_those_who_open_it(
    request_: ProjectRequest, tmp_path: Path
) -> None:
    (tmp_path / "pool.neufs.db").write_text("no database")
    assert first_text(request_) is not None
    assert (tmp_path / "pool.neufs.db").read_text() == "no database"


@pytest.mark.parametrize("form", ["jsonl.gz", "parquet", "saved"])
def test_pools_of_other_kinds_are_drawn_from_too(tmp_path: Path, form: str) -> None:
    rows = [{"text": f"text {n}"} for n in range(30)]
    path = tmp_path / f"pool.{form}"
    if form == "jsonl.gz":
        path.write_bytes(gzip.compress(write_rows(tmp_path / "pool.jsonl", rows).read_bytes()))
    else:
        dataset = pytest.importorskip("datasets").Dataset.from_list(rows)
        dataset.to_parquet(path) if form == "parquet" else dataset.save_to_disk(path)
    first = first_text(ProjectRequest(str(path)))
    project = read_project(ProjectRequest(str(path)))
    order = Draws([one.id for one in project.pool.examples], 0)
    assert first is not None and first.example.id == order.next(())[0].example_id


def test_there_may_be_nothing_to_show_so_soon(request_: ProjectRequest, tmp_path: Path) -> None:
    assert first_text(ProjectRequest(str(tmp_path / "nowhere.jsonl"))) is None
    assert first_text(ProjectRequest("-")) is None
    piped = BytesIO(b'{"text": "piped"}\n')
    first = first_text(ProjectRequest("-"), stdin=piped)
    assert first is not None and first.example.text == "piped"
    assert piped.tell() == 0
