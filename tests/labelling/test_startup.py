"""Opening a pool beside the screen: what is shown first, and what stopping leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind, content_hash
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import UsageError
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


@pytest.fixture
def given_(tmp_path: Path) -> ProjectRequest:
    """Five texts, three of them with a label."""
    made = [{"text": f"text {n}", "kind": "ab"[n % 2] if n < 3 else None} for n in range(5)]
    return ProjectRequest(str(write_rows(tmp_path / "given.jsonl", made)), given="kind")


def given_now(request: ProjectRequest) -> list[tuple[str, str]]:
    path = Path(request.source).with_suffix(".neufs.db")
    with Session.open(path, write=False) as session:
        return [(one.example.text, one.answer.text) for one in session.decided() if one.given]


ALL_GIVEN = [("text 0", "a"), ("text 1", "b"), ("text 2", "a")]


def test_labels_in_the_pool_are_taken_as_labelling_starts_and_are_the_tasks(
    given_: ProjectRequest,
) -> None:
    opened = startup(given_).open()
    workspace = opened.loop.workspace
    assert workspace.task.label_names == ("a", "b")
    assert workspace.notices == (
        "2 labels from 'kind' in 3 of 5 rows: 'a' 2, 'b' 1",
        "3 labels taken from 'kind', which one undo takes back",
    )
    assert opened.loop.counts.given == 3
    assert opened.loop.shown is not None and opened.loop.shown.example.row in (3, 4)
    workspace.session.close()
    assert given_now(given_) == ALL_GIVEN


def test_the_text_that_is_there_first_gives_way_where_it_has_a_label(
    given_: ProjectRequest,
) -> None:
    for seed in range(6):
        asked = replace(given_, seed=seed, session=f"{given_.source}{seed}.db")
        one = startup(asked)
        first = one.first_text()
        opened = one.open()
        shown = opened.loop.shown
        assert first is not None and shown is not None
        opened.loop.workspace.session.close()
        assert shown.example.row in (3, 4)
        if first.example.text in ("text 3", "text 4"):
            assert shown.example.text == first.example.text


def test_a_later_start_adds_what_is_new_and_leaves_undone_what_she_has_undone(
    given_: ProjectRequest,
) -> None:
    opened = startup(given_).open()
    opened.loop.undo()
    opened.loop.workspace.session.close()
    assert given_now(given_) == []
    opened = startup(given_).open()
    assert opened.loop.workspace.notices == ()
    shown = opened.loop.shown
    assert shown is not None
    opened.loop.decide(DecisionKind.LABEL, Answer("b"))
    opened.loop.workspace.session.close()
    kinds = {n: "b" for n in (0, 3, 4) if n != shown.example.row}
    write_rows(Path(given_.source), [{"text": f"text {n}", "kind": kinds.get(n)} for n in range(5)])
    headless = open_headless(given_, CaptureSettings())
    headless.close()
    new = [(f"text {n}", "b") for n in (3, 4) if n != shown.example.row]
    assert given_now(given_) == new
    assert any("taken from 'kind'" in one for one in headless.loop.workspace.notices)


def test_what_was_on_the_screen_stays_there_as_labels_are_taken(given_: ProjectRequest) -> None:
    opened = startup(replace(given_, given=None, labels=("a", "b"))).open()
    loop = opened.loop
    while loop.shown is not None and loop.shown.example.row < 3:
        loop.decide(DecisionKind.SKIP)
    before = loop.shown
    assert before is not None
    loop.painted()
    loop.workspace.session.close()
    opened = startup(given_).open()
    assert opened.loop.shown == before
    opened.loop.workspace.session.close()
    again = startup(given_).first_text()
    assert again is not None and again.example.id == before.example.id


def test_labels_that_the_task_has_not_are_refused_and_the_session_is_let_go(
    given_: ProjectRequest,
) -> None:
    named = replace(given_, labels=("a", "c"))
    for opens in (lambda: startup(named).open(), lambda: open_headless(named, CaptureSettings())):
        with pytest.raises(UsageError, match=r"kind gives labels .*: 'b' \(1\)") as caught:
            opens()
        assert "--labels-from kind" in caught.value.hint
    assert given_now(given_) == []


def test_undoing_labels_given_elsewhere_shows_what_was_shown_and_counts_no_look(
    given_: ProjectRequest,
) -> None:
    opened = startup(given_).open()
    loop = opened.loop
    shown = loop.shown
    assert [one.given for one in loop.undo() if isinstance(one, Decision)] == ["kind"] * 3
    assert loop.shown == shown
    loop.decide(DecisionKind.LABEL, Answer("b"), example_id=content_hash("text 0"))
    (own,) = loop.workspace.session.decided()
    assert (own.given, own.looked) == ("", False)
    loop.workspace.session.close()
