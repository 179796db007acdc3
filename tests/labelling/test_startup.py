"""Opening a pool beside the screen: what is shown first, and what stopping leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.labelling.startup import Abandoned, Startup, open_headless
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage import session_rows
from neufs_tui.storage.session import Session
from tests.pools import write_rows


def rows(n: int) -> list[dict[str, str]]:
    return [{"input": f"text {number} {'word ' * 400}"} for number in range(n)]


@pytest.fixture
def request_(tmp_path: Path) -> ProjectRequest:
    return ProjectRequest(str(write_rows(tmp_path / "pool.jsonl", rows(300))), labels=("a", "b"))


def startup(request: ProjectRequest) -> Startup:
    return Startup(request, CaptureSettings(), check_keys=lambda _: None)


def test_the_text_that_is_there_first_stays_and_is_the_one_a_script_begins_with(
    request_: ProjectRequest,
) -> None:
    one = startup(request_)
    first = one.first_text()
    assert first is not None
    opened = one.open()
    assert opened.loop.shown is not None
    assert opened.loop.shown.example.text == first.example.text
    assert opened.loop.shown.pick == first.pick
    opened.loop.workspace.session.close()
    headless = open_headless(request_, CaptureSettings())
    assert headless.next() == opened.loop.shown
    headless.close()


def test_only_what_changed_is_written_when_a_pool_has_grown(request_: ProjectRequest) -> None:
    open_session(read_project(request_)).close()
    write_rows(Path(request_.source), [*rows(310)[5:], {"input": "text 7", "why": "new"}])
    with open_session(read_project(request_)) as session:
        ids = session_rows.ids_in_pool(session._file.db)
        assert len(ids) == 306
        before = session._file.db.conn.total_changes
        grown = read_project(request_)
        session.merge_pool(grown.pool)
        assert session._file.db.conn.total_changes == before
        with session._file.transaction() as db:
            session_rows.merge_examples(db, grown.pool.examples[:-2])
        # two leave, and the state of the file is not touched
        assert session._file.db.conn.total_changes == before + 2


def test_stopping_while_the_session_is_brought_up_to_date_leaves_it_as_it_was(
    request_: ProjectRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = read_project(request_)
    with open_session(project) as session:
        decided = Decision(project.pool.examples[0].id, DecisionKind.LABEL, Answer("a"))
        session.record(decided, pick=None, seconds=None)
        n_examples = len(session_rows.ids_in_pool(session._file.db))
    write_rows(Path(request_.source), rows(400))
    one = startup(request_)
    merge = session_rows.merge_examples

    def stopped(*told: object) -> None:
        assert one.stop()
        merge(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(session_rows, "merge_examples", stopped)
    with pytest.raises(Abandoned):
        one.open()
    path = Path(request_.source).with_name("pool.neufs.db")
    assert not Path(f"{path}-wal").exists()
    with Session.open(path, write=True) as session:
        assert session.decisions() == (decided,)
        assert len(session_rows.ids_in_pool(session._file.db)) == n_examples


def test_stopping_while_the_pool_is_read_begins_no_session(request_: ProjectRequest) -> None:
    one = startup(request_)
    assert not one.stop()
    with pytest.raises(Abandoned):
        one.open()
    assert not Path(request_.source).with_name("pool.neufs.db").exists()
