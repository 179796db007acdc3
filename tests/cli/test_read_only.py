"""A session that may be read and not written to, as somebody else's is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.session import Session
from tests.cli.conftest import write_pool
from tests.fakes import explanation
from tests.unprivileged import neufs_tui_unprivileged, run_unprivileged

OPEN_FOR_WRITING = """
from neufs_tui.errors import SessionError
from neufs_tui.storage.session import Session
try:
    Session.open(sys.argv[1], write=True)
except SessionError as error:
    sys.exit(error.message)
"""


def labelled(folder: Path) -> Session:
    """A session in a folder of its own, with two labels, still open."""
    folder.mkdir()
    pool = write_pool(folder / "pool.jsonl")
    project = read_project(ProjectRequest(str(pool), labels=("yes", "no, not at all")))
    session = open_session(project)
    for example in project.pool.examples[:2]:
        decision = Decision(example.id, DecisionKind.LABEL, Answer("yes"))
        session.record(decision, pick=None, seconds=None, panel=explanation(example.id))
    return session


@pytest.fixture(params=["closed", "being labelled", "killed", "copied with its journal"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that may not be written to, with a session in one state or another."""
    session, folder = labelled(tmp_path / "theirs"), tmp_path / "theirs"
    if request.param == "closed":
        session.close()
    elif request.param != "being labelled":
        folder = tmp_path / "left"
        folder.mkdir()
        left_out = "-shm" if request.param == "copied with its journal" else ".lock"
        for one in (tmp_path / "theirs").iterdir():
            if not one.name.endswith(left_out):
                shutil.copy(one, folder)
    for one in folder.iterdir():
        one.chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    session.close()


def test_what_is_in_a_folder_that_cannot_be_written_to_can_be_read(
    folder: Path, tmp_path: Path
) -> None:
    pool, before = folder / "pool.jsonl", {one.name for one in folder.iterdir()}
    told = neufs_tui_unprivileged("stats", pool, "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["labelled"] == 2
    target = tmp_path / "few_shot.jsonl"
    exported = neufs_tui_unprivileged("export", pool, "-o", target)
    assert exported.returncode == 0, exported.stderr
    assert len(target.read_text().splitlines()) == 2
    explained = neufs_tui_unprivileged("explain", pool, "r1", "--json")
    assert explained.returncode == 0, explained.stderr
    assert json.loads(explained.stdout)["label"] == "yes"
    events = neufs_tui_unprivileged("history", pool, "--json")
    assert [event["label"] for event in json.loads(events.stdout)] == ["yes", "yes"]
    shown = neufs_tui_unprivileged("show", pool, "r1", "--json")
    assert json.loads(shown.stdout)["label"] == "yes"
    assert {one.name for one in folder.iterdir()} == before


def test_labelling_in_a_folder_that_cannot_be_written_to_says_so(folder: Path) -> None:
    ran = run_unprivileged(OPEN_FOR_WRITING, folder / "pool.neufs.db")
    assert f"the session {folder / 'pool.neufs.db'} cannot be written to" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_file_that_cannot_be_written_to_is_read_and_not_labelled(tmp_path: Path) -> None:
    labelled(tmp_path / "theirs").close()
    path = tmp_path / "theirs" / "pool.neufs.db"
    path.chmod(0o444)
    told = neufs_tui_unprivileged("stats", path.with_name("pool.jsonl"), "--json")
    assert json.loads(told.stdout)["labelled"] == 2
    ran = run_unprivileged(OPEN_FOR_WRITING, path)
    assert f"the session {path} cannot be written to" in ran.stderr
    assert {one.name for one in path.parent.iterdir()} == {
        "pool.jsonl", path.name, f"{path.name}.lock",
    }  # fmt: skip
