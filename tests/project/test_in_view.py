"""The example that is meant where none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.errors import NothingLeft
from neufs_tui.project.in_view import in_view
from neufs_tui.project.project import Project, open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.pools import write_rows


@pytest.fixture
def project(tmp_path: Path) -> Project:
    path = write_rows(tmp_path / "pool.jsonl", ({"text": text} for text in ("a", "b", "c")))
    return read_project(ProjectRequest(str(path), labels=("yes", "no")))


def decide(project: Project, place: int, kind: DecisionKind = DecisionKind.LABEL) -> None:
    answer = Answer("yes") if kind is DecisionKind.LABEL else None
    with open_session(project) as session:
        decision = Decision(project.pool.examples[place].id, kind, answer)
        session.record(decision, pick=None, seconds=None)


def show(project: Project, place: int) -> None:
    with open_session(project) as session:
        session.set_shown(project.pool.examples[place].id, None)


def test_what_is_on_the_screen_comes_before_the_first_undecided(project: Project) -> None:
    examples = project.pool.examples
    assert in_view(project) == (examples[0], False)
    decide(project, 0, DecisionKind.SKIP)
    assert in_view(project) == (examples[1], False)
    show(project, 2)
    assert in_view(project) == (examples[2], True)
    decide(project, 2)  # elsewhere than on the screen
    assert in_view(project) == (examples[1], False)


def test_where_all_is_decided_nothing_is_meant(project: Project) -> None:
    for place in range(3):
        decide(project, place)
    with pytest.raises(NothingLeft, match="every example"):
        in_view(project)
