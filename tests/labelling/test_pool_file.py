"""The pool's file while it is labelled."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import PoolError, SessionError
from neufs_tui.labelling.pool_file import PoolFile
from neufs_tui.labelling.startup import Abandoned
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from tests.pools import write_rows

Begun = tuple[PoolFile, Workspace, Path]


def rows(n: int) -> list[dict[str, str]]:
    return [{"input": f"text {number}", "gold": "ab"[number % 2]} for number in range(n)]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Begun]]:
    """Reads a pool of twenty, decides on two, and binds the file."""
    opened: list[Workspace] = []

    def begin(**said: object) -> Begun:
        path = write_rows(tmp_path / "pool.jsonl", rows(20))
        labels = {} if "labels_from" in said else {"labels": ("a", "b")}
        request = ProjectRequest(str(path), **(labels | said))  # type: ignore[arg-type]
        project = read_project(request)
        workspace = Workspace(project, open_session(project))
        opened.append(workspace)
        for place in (0, 9):
            example_id = project.pool.examples[place].id
            label = Decision(example_id, DecisionKind.LABEL, Answer("a"))
            workspace.session.record(label, pick=None, seconds=None)
        return PoolFile(request, CaptureSettings(), project), workspace, path

    yield begin
    for workspace in opened:
        workspace.session.close()


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(lines)


def row(text: str, **fields: str) -> str:
    return json.dumps({"input": text} | fields) + "\n"


def test_it_has_changed_when_it_holds_something_else(begin: Callable[..., Begun]) -> None:
    file, _, path = begin()
    assert not file.has_changed()
    os.utime(path, (1, 1))
    path.chmod(0o600)
    assert not file.has_changed()
    aside = path.rename(path.with_name("aside"))
    assert not file.has_changed()
    aside.rename(path)
    assert not file.has_changed()
    append(path, row("more"))
    assert file.has_changed()
    assert file.has_changed()


def test_it_is_looked_into_only_when_the_file_system_says_so(
    begin: Callable[..., Begun], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _, path = begin()
    file.has_changed()
    opened = []
    monkeypatch.setattr(Path, "open", lambda *told, **named: opened.append(told))
    assert not file.has_changed()
    assert not opened
    assert path.exists()


def test_what_came_and_what_went_is_read(begin: Callable[..., Begun]) -> None:
    file, before, path = begin()
    write_rows(path, [*rows(22)[3:], {"input": "text 5", "gold": "again"}])
    shown = before.draws.next(())[0].example_id
    now = file.read(before, shown)
    assert (now.n_new, now.n_gone) == (2, 3)
    assert [*now.workspace.examples.values()] == [*now.config.examples]
    assert len(now.workspace.examples) == 19
    assert now.config.first[0] == shown
    assert now.workspace.task == before.task
    assert now.workspace.notices == ("1 repeated text is labelled once",)
    assert len(before.examples) == 20  # it is still to be taken in
    list(before.session.merge_changes(now.changes))
    counts = before.session.counts()
    assert (counts.pool, counts.elsewhere) == (19, 1)
    assert not file.has_changed()
    append(path, row("more"))
    assert file.has_changed()


@pytest.mark.parametrize("form", ["jsonl.gz", "saved"])
def test_a_packed_file_and_a_folder_are_read_again(tmp_path: Path, form: str) -> None:
    path = tmp_path / ("pool.jsonl.gz" if form == "jsonl.gz" else "pool")

    def write(n: int) -> None:
        if form == "jsonl.gz":
            lines = "".join(json.dumps(one) + "\n" for one in rows(n))
            path.write_bytes(gzip.compress(lines.encode()))
            return
        dataset = pytest.importorskip("datasets").Dataset.from_list(rows(n))
        shutil.rmtree(path, ignore_errors=True)
        dataset.save_to_disk(path)

    write(20)
    request = ProjectRequest(str(path), labels=("a", "b"))
    project = read_project(request)
    with open_session(project) as session:
        before = Workspace(project, session)
        file = PoolFile(request, CaptureSettings(), project)
        assert not file.has_changed()
        write(22)
        assert file.has_changed()
        now = file.read(before, None)
        assert (now.n_new, now.n_gone) == (2, 0)
        assert not file.has_changed()
        path.rename(tmp_path / "aside")
        assert not file.has_changed()


def test_a_file_that_cannot_be_used_changes_nothing(begin: Callable[..., Begun]) -> None:
    file, before, path = begin()
    whole = path.read_text()
    append(path, '{"input": "half of')
    with pytest.raises(PoolError, match="bad line"):
        file.read(before, None)
    path.write_text("")
    with pytest.raises(PoolError, match="no texts"):
        file.read(before, None)
    write_rows(path, [{"input": "quite another"}])
    with pytest.raises(SessionError, match="labels of another pool"):
        file.read(before, None)
    path.unlink()
    with pytest.raises(PoolError, match="there is no file"):
        file.read(before, None)
    path.write_text(whole)
    assert not file.has_changed()
    assert file.read(before, None).n_new == 0


def test_labels_that_come_with_it_wait_for_the_next_start(begin: Callable[..., Begun]) -> None:
    file, before, path = begin(labels_from="gold")
    append(path, row("more", gold="c"), row("and more", gold="a"))
    now = file.read(before, None)
    assert now.config.task == before.task
    assert now.workspace.notices == ("labels here from the next start on: 'c'",)
    assert file.read(now.workspace, None).workspace.notices == now.workspace.notices


def test_reading_ends_when_nobody_wants_it(begin: Callable[..., Begun]) -> None:
    file, before, path = begin()
    append(path, row("more"))

    def stop() -> None:
        raise Abandoned

    with pytest.raises(Abandoned):
        file.read(before, None, stop)
    assert file.has_changed()
