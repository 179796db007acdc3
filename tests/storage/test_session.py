from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Label,
    Mark,
    MarkKind,
    ModelIdentity,
    Task,
    content_hash,
)
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.errors import SessionError
from neufs_tui.statistics.agreement import Agreement, agreement
from neufs_tui.storage.migrations import session_migrations
from neufs_tui.storage.pool import read_pool
from neufs_tui.storage.session import Session
from neufs_tui.storage.stored_json import SessionSettings
from tests.pools import AWKWARD, write_rows
from tests.storage.values import label, panel, pick, pool_of, skip

MODEL = ModelIdentity("smollm2-135m", "0f3c", "cpu", "float32")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pool.neufs.db"


def begun(path: Path, *texts: str) -> Session:
    """A session on a pool of texts, open for writing."""
    session = Session.open(path, write=True)
    session.merge_pool(pool_of(path.with_name("pool.jsonl"), *texts))
    return session


def record(session: Session, *texts: str) -> None:
    for text in texts:
        session.record(label(text), pick=None, seconds=None)


def labelled_texts(session: Session) -> list[str]:
    return [one.example.text for one in session.decided()]


def test_what_was_labelled_is_there_after_a_restart(path: Path) -> None:
    chosen = replace(pick("b"), model=MODEL)
    with begun(path, "a", "b", "c") as session:
        session.record(label("b", "B"), pick=chosen, seconds=2.5)
        session.record(skip("a"), pick=None, seconds=None)
        session.record(label("c"), pick=None, seconds=0.75)
    with Session.open(path, write=True) as session:
        assert session.decisions() == (label("b", "B"), skip("a"), label("c"))
        assert session.revision() == 3
        first, second = session.decided()
    assert (first.example.text, first.answer, first.seq) == ("b", Answer("B"), 1)
    assert (first.pick, first.seconds) == (chosen, 2.5)
    assert (second.example.text, second.seq) == ("c", 3)
    assert (second.pick, second.seconds) == (None, 0.75)


def test_what_the_panel_said_is_stored_with_the_label(path: Path) -> None:
    with begun(path, "a", "b", "c") as session:
        session.record(label("a"), pick=None, seconds=None, looked=True, panel=panel("a"))
        session.record(label("b"), pick=None, seconds=None)
        assert session.panels.of(content_hash("b")) is None
        session.panels.add(panel("b"))
        session.panels.add(replace(panel("a"), answer="B"))  # it has one from when she decided
        session.panels.add(panel("c"))  # not decided
    with Session.open(path, write=True) as session:
        assert session.panels.of(content_hash("a")) == panel("a")
        assert session.panels.of(content_hash("b")) == panel("b")
        assert session.panels.of(content_hash("c")) is None
        assert [one.looked for one in session.decided()] == [True, False]
        session.undo()
        assert session.panels.of(content_hash("b")) is None
        session.redo()
        assert session.panels.of(content_hash("b")) == panel("b")


def test_undo_has_no_limit_and_survives_restarts(path: Path) -> None:
    with begun(path, "a", "b", "c") as session:
        record(session, "a", "b", "c")
    for text in ("c", "b", "a"):
        with Session.open(path, write=True) as session:
            assert session.undo() == (label(text),)
    with Session.open(path, write=True) as session:
        assert session.undo() == ()
        assert session.decisions() == ()
        assert session.revision() == 6
        assert [session.redo(), session.redo()] == [(label("a"),), (label("b"),)]
    with Session.open(path, write=True) as session:
        assert session.decisions() == (label("a"), label("b"))
        assert [session.redo(), session.redo()] == [(label("c"),), ()]


def test_a_new_decision_leaves_nothing_to_redo(path: Path) -> None:
    with begun(path, "a", "b") as session:
        record(session, "a")
        session.undo()
        record(session, "b")
        assert session.redo() == ()
        assert labelled_texts(session) == ["b"]


def test_deciding_again_replaces_the_label_and_its_place(path: Path) -> None:
    with begun(path, "a", "b") as session:
        record(session, "a", "b")
        session.record(label("a", "B"), pick=None, seconds=None)
        assert [(one.example.text, one.answer.text) for one in session.decided()] == [
            ("b", "A"),
            ("a", "B"),
        ]
        assert session.undo() == (label("a", "B"),)
        assert labelled_texts(session) == ["a", "b"]


def test_a_check_example_is_no_demonstration_and_stays_one_through_undo(path: Path) -> None:
    checked = replace(label("b"), check=True)
    with begun(path, "a", "b", "c") as session:
        session.record(label("a"), pick=None, seconds=None)
        session.record(checked, pick=pick("b"), seconds=None)
        session.record(replace(skip("c"), check=True), pick=None, seconds=None)
        assert session.undo() == (replace(skip("c"), check=True),)
        assert session.undo() == (checked,)
        assert session.redo() == (checked,)
    with Session.open(path, write=False) as session:
        assert session.decisions() == (label("a"), checked)
        assert [one.example.text for one in session.decided()] == ["a"]
        assert [one.example.text for one in session.checked()] == ["b"]
        assert [one.example.text for one in session.all_labelled()] == ["a", "b"]
        assert session.ever_checks == {content_hash("b"), content_hash("c")}
        assert session.counts().by_label == {"A": 1}


def test_a_grown_and_reordered_pool_continues_the_session(path: Path) -> None:
    with begun(path, "a", "b", "c") as session:
        record(session, "c", "a")
        session.merge_pool(pool_of(path.with_name("grown.jsonl"), "new", "c", "b", "a"))
        assert labelled_texts(session) == ["c", "a"]
        assert [one.example.row for one in session.decided()] == [1, 3]
        assert session.counts().left == 2


def test_a_removed_row_keeps_its_text_and_label(path: Path) -> None:
    with begun(path, "a", "b", "c") as session:
        record(session, "a")
        session.record(skip("b"), pick=None, seconds=None)
        session.merge_pool(pool_of(path.with_name("less.jsonl"), "c"))
        assert labelled_texts(session) == ["a"]
        counts = session.counts()
        assert (counts.labelled, counts.skipped, counts.left) == (0, 0, 1)
        assert (counts.n_labels, counts.labels_elsewhere, counts.elsewhere) == (1, 1, 2)
        session.merge_pool(pool_of(path.with_name("back.jsonl"), "a", "b", "c"))
        assert session.counts().elsewhere == 0


def test_changed_fields_of_a_row_are_taken_over(path: Path) -> None:
    with begun(path, "a") as session:
        record(session, "a")
        row = {"text": "a", "id": 12, "gold": ["é", None]}
        session.merge_pool(read_pool(str(write_rows(path.with_name("p.jsonl"), [row]))))
        (one,) = session.decided()
    assert (one.example.source_id, one.example.fields) == (12, {"gold": ["é", None]})


def test_infinities_that_an_older_version_stored_come_back_as_text(path: Path) -> None:
    with begun(path, "a") as session:
        record(session, "a")
    with sqlite3.connect(path) as db:
        db.execute("""update examples set fields = '{"x": -Infinity, "y": NaN}'""")
    db.close()
    with Session.open(path, write=False) as session:
        (one,) = session.decided()
    assert one.example.fields == {"x": "-Infinity", "y": None}


def test_the_pool_that_was_merged_is_on_record(path: Path) -> None:
    pool = pool_of(path.with_name("mine.jsonl"), "a")
    with Session.open(path, write=True) as session:
        assert session.pool() is None
        session.merge_pool(pool)
        record_of_pool = session.pool()
    assert record_of_pool is not None
    assert (record_of_pool.name, record_of_pool.sha256) == ("mine.jsonl", pool.sha256)
    assert len(pool.sha256) == 64


def test_awkward_texts_and_labels_come_back_as_they_were(path: Path) -> None:
    with begun(path, *AWKWARD) as session:
        for text in AWKWARD:
            session.record(label(text, text.strip("\x00")), pick=None, seconds=None)
    with Session.open(path, write=False) as session:
        assert labelled_texts(session) == AWKWARD
        assert [one.answer.text for one in session.decided()] == AWKWARD


def test_the_example_on_screen_is_shown_again_after_a_restart(path: Path) -> None:
    with begun(path, "a", "b") as session:
        assert session.shown() is None
        session.set_shown(content_hash("b"), pick("b"))
    with Session.open(path, write=True) as session:
        assert session.shown() == (content_hash("b"), pick("b"), False)
        session.set_shown(content_hash("a"), None, looked=True)
        assert session.shown() == (content_hash("a"), None, True)


def test_a_label_keeps_the_model_that_answered_whichever_is_loaded(path: Path) -> None:
    other = replace(MODEL, name="another", fingerprint="f00d")
    chosen = replace(pick("a"), model=MODEL)
    with begun(path, "a", "b") as session:
        session.save_model(MODEL)
        session.set_shown(content_hash("a"), chosen)
    with Session.open(path, write=True) as session:
        session.save_model(other)
        shown = session.shown()
        assert shown == (content_hash("a"), chosen, False)
        session.record(label("a"), pick=shown[1], seconds=None)
        session.undo()
        again = session.pick_of(content_hash("a"))
        session.record(label("a", "B"), pick=again, seconds=None)
        record(session, "b")  # in file order: no model had a part in it
        assert [one.pick for one in session.decided()] == [chosen, None]


def test_what_was_on_screen_does_not_come_back_once_it_is_decided(path: Path) -> None:
    with begun(path, "a", "b") as session:
        session.set_shown(content_hash("a"), pick("a"))
        record(session, "a")
        assert session.shown() is None
        session.undo()
        assert session.shown() is None
    with Session.open(path, write=True) as session:
        assert session.shown() is None


def test_the_reason_of_a_decision_outlives_its_undo(path: Path) -> None:
    with begun(path, "a", "b") as session:
        session.record(label("a"), pick=pick("a", "A"), seconds=None)
        session.undo()
        assert session.pick_of(content_hash("a")) == pick("a", "A")
        session.record(skip("a"), pick=pick("a", "B"), seconds=None)
        assert session.pick_of(content_hash("a")) == pick("a", "B")
        assert session.pick_of(content_hash("b")) is None


def test_a_reason_that_another_version_wrote_is_left_out_and_the_label_kept(path: Path) -> None:
    with begun(path, "a") as session:
        session.record(label("a"), pick=pick("a"), seconds=None)
    db = Database(path)
    db.execute("update events set pick = ?", [json.dumps({"example_id": "x", "shape": 3})])
    db.close()
    with Session.open(path, write=False) as session:
        assert session.pick_of(content_hash("a")) is None
        assert [(one.answer, one.pick) for one in session.decided()] == [(Answer("A"), None)]


def test_settings_and_model_come_back(path: Path) -> None:
    task = Task((Label("A", "the first"), Label("B")), instruction="Sort.", answer_prefix="<a>")
    chosen = SessionSettings(task, ModelChoice("x", dtype="float16"), SelectionSettings(tau=0.1))
    with Session.open(path, write=True) as session:
        assert (session.settings(), session.model()) == (None, None)
        session.save_settings(chosen)
        session.save_model(MODEL)
    with Session.open(path, write=False) as session:
        assert (session.settings(), session.model()) == (chosen, MODEL)


def test_counts_name_the_tasks_labels_and_then_others(path: Path) -> None:
    with begun(path, "a", "b", "c", "d") as session:
        session.record(label("a", "Z"), pick=None, seconds=None)
        record(session, "b")
        session.record(skip("c"), pick=None, seconds=None)
        counts = session.counts(("B", "A"))
    assert (counts.labelled, counts.skipped, counts.left, counts.elsewhere) == (2, 1, 1, 0)
    assert list(counts.by_label.items()) == [("B", 0), ("A", 1), ("Z", 1)]


def test_agreement_counts_only_answers_that_were_known(path: Path) -> None:
    with begun(path, "a", "b", "c", "d") as session:
        session.record(label("a", "A"), pick=pick("a", "A"), seconds=None)
        session.record(label("b", "A"), pick=pick("b", "B"), seconds=None)
        session.record(label("c", "A"), pick=None, seconds=None)
        session.record(skip("d"), pick=pick("d", "A"), seconds=None)
        assert agreement(session.decided()) == Agreement(agreeing=1, compared=2)
        session.undo()
        session.undo()
        session.undo()
        assert agreement(session.decided()) == Agreement(agreeing=1, compared=1)


def test_a_decision_that_cannot_be_stored_changes_nothing(path: Path) -> None:
    with begun(path, "a") as session:
        with pytest.raises(SessionError, match="cannot be used"):
            record(session, "not in the pool")
        assert (session.revision(), session.decisions()) == (0, ())
        record(session, "a")
        assert session.revision() == 1


def test_a_reader_sees_what_a_writer_stored_and_cannot_write(path: Path) -> None:
    with begun(path, "a", "b") as writer:
        record(writer, "a")
        with Session.open(path, write=False) as reader:
            assert labelled_texts(reader) == ["a"]
            with pytest.raises(SessionError):
                record(reader, "b")
        record(writer, "b")
        assert labelled_texts(writer) == ["a", "b"]


def test_every_decision_is_synced_to_the_disk(path: Path) -> None:
    with begun(path, "a") as session:
        db = session._file.db
        assert db.execute("pragma journal_mode").fetchone()[0] == "wal"
        assert db.execute("pragma synchronous").fetchone()[0] == 2
        assert db.execute("pragma foreign_keys").fetchone()[0] == 1


def test_there_is_nothing_to_read_before_the_first_session(path: Path) -> None:
    with pytest.raises(SessionError, match="there is no session") as caught:
        Session.open(path, write=False)
    assert "neufs-tui label" in caught.value.hint
    assert list(path.parent.glob("*.db*")) == []


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("tables", ["", "_sqlite_migrations"])
def test_a_session_without_its_tables_is_refused_and_left_alone(
    path: Path, write: bool, tables: str
) -> None:
    path.touch()
    if tables:
        with closing(Database(path)) as db:
            session_migrations.ensure_migrations_table(db)
    before = path.read_bytes()
    with pytest.raises(SessionError, match="is empty: it holds no session") as caught:
        Session.open(path, write=write)
    assert "pool.neufs.db-wal" in caught.value.hint
    assert path.read_bytes() == before


def test_a_session_is_made_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("neufs_tui.storage.session_file.session_migrations", Interrupted())
        Session.open(path, write=True)
    assert not path.exists()
    with begun(path, "a") as session:
        record(session, "a")
    assert sorted(one.name for one in path.parent.glob("*.db*")) == [path.name, f"{path.name}.lock"]
    assert not list(path.parent.glob(".*.part*"))


class Interrupted:
    """Migrations that somebody stops half-way."""

    def apply(self, db: Database) -> None:
        session_migrations.apply(db, stop_before="m003_tasks_and_probabilities_by_label")
        raise KeyboardInterrupt


@pytest.mark.parametrize("write", [True, False])
def test_a_file_that_is_no_session_is_refused_and_left_alone(path: Path, write: bool) -> None:
    path.write_text("text that is not a database at all\n" * 100)
    before = path.read_bytes()
    with pytest.raises(SessionError, match="is not a session file") as caught:
        Session.open(path, write=write)
    assert "--session" in caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("write", [True, False])
def test_another_programs_database_is_refused_and_left_alone(path: Path, write: bool) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table theirs(x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SessionError, match="another program's database"):
        Session.open(path, write=write)
    assert path.read_bytes() == before


@pytest.mark.parametrize("write", [True, False])
def test_a_session_of_a_newer_version_is_refused(path: Path, write: bool) -> None:
    begun(path, "a").close()
    db = Database(path)
    db.table("_sqlite_migrations").insert(
        {"migration_set": "neufs_tui_session", "name": "m999_later", "applied_at": "2100-01-01"}
    )
    db.close()
    with pytest.raises(SessionError, match="newer version") as caught:
        Session.open(path, write=write)
    assert "upgrade" in caught.value.hint


def test_a_session_that_was_refused_is_not_left_locked(path: Path) -> None:
    path.write_text("text that is not a database at all\n" * 100)
    for _ in range(2):
        with pytest.raises(SessionError, match="is not a session file"):
            Session.open(path, write=True)
    path.unlink()
    begun(path, "a").close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="there is no folder"):
        Session.open(tmp_path / "none" / "pool.neufs.db", write=True)
    with pytest.raises(SessionError, match="is a folder"):
        Session.open(tmp_path, write=True)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "skip a", "undo", "redo", "restart"])))
def test_a_restart_at_any_moment_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("session") / "pool.neufs.db"
    session = begun(path, "a", "b", "c")
    for step in steps:
        if step == "undo":
            session.undo()
        elif step == "redo":
            session.redo()
        elif step == "restart":
            before = (session.decisions(), session.decided(), session.revision())
            session.close()
            session = Session.open(path, write=True)
            assert (session.decisions(), session.decided(), session.revision()) == before
        elif step == "skip a":
            session.record(skip("a"), pick=None, seconds=None)
        else:
            session.record(label(step), pick=pick(step), seconds=1.0)
    session.close()


def test_a_page_is_stored_taken_back_and_brought_back_at_once(path: Path) -> None:
    accepted = Decision(content_hash("a"), DecisionKind.ACCEPT, Answer("A"))
    corrected = replace(label("b", "B"), hunted=True)
    with begun(path, "a", "b", "c") as session:
        record(session, "c")
        session.record_page([(accepted, pick("a")), (corrected, pick("b"))])
        assert session.revision() == 3
        assert session.decisions() == (label("c"), accepted, corrected)
        assert session.undo() == (accepted, corrected)
        assert session.decisions() == (label("c"),)
    with Session.open(path, write=True) as session:
        assert session.redo() == (accepted, corrected)
        assert session.redo() == ()
        assert session.decisions() == (label("c"), accepted, corrected)
        assert labelled_texts(session) == ["c", "b"]
        assert [one.hunted for one in session.decided()] == [False, True]
        assert session.pick_of(content_hash("a")) == pick("a")
        counts = session.counts(["A", "B"])
        assert (counts.labelled, counts.accepted, counts.hunted, counts.left) == (2, 1, 1, 0)
        assert counts.by_label == {"A": 1, "B": 1}
        history = session.history()
    assert [(one.kind, one.page, one.looked) for one in history] == [
        ("label", None, False),
        ("accept", 2, True),
        ("label", 2, True),
        ("undo", 2, False),
        ("redo", 2, False),
    ]


def give(session: Session, name: str, *texts: str, by: str = "theirs.csv") -> tuple[Decision, ...]:
    return session.record_given({content_hash(text): Answer(name) for text in texts}, by)


def test_labels_given_elsewhere_are_taken_back_and_brought_back_at_once(path: Path) -> None:
    theirs = tuple(replace(label(text), given="theirs.csv") for text in "ac")
    with begun(path, "a", "b", "c") as session:
        record(session, "b")
        assert give(session, "A", "a", "c") == theirs
        assert session.ever_given("theirs.csv") == {content_hash("a"), content_hash("c")}
        assert session.undo() == theirs
        assert session.decisions() == (label("b"),)
    with Session.open(path, write=True) as session:
        assert session.ever_given("theirs.csv") == {content_hash("a"), content_hash("c")}
        assert session.ever_given("label") == frozenset()
        assert session.redo() == theirs
        assert session.decisions() == (label("b"), *theirs)
        assert [(one.given, one.shown, one.seconds, one.pick) for one in session.decided()] == [
            ("", True, None, None),
            *[("theirs.csv", False, None, None)] * 2,
        ]
        counts = session.counts()
        assert (counts.n_labels, counts.given) == (3, 2)
        assert agreement(session.decided()) == Agreement()
        assert change(session, "B", "a") == (label("a", "B"),)  # hers now
        assert session.counts().given == 1
        assert session.undo() == (label("a", "B"),)
        history = session.history()
    assert [(one.kind, one.given, one.page) for one in history[1:5]] == [
        *[("label", "theirs.csv", 2)] * 2,
        *[("undo", "", 2), ("redo", "", 2)],
    ]


def test_one_label_given_elsewhere_is_no_page(path: Path) -> None:
    with begun(path, "a") as session:
        give(session, "A", "a")
        assert [one.page for one in session.history()] == [None]


def test_a_check_example_of_earlier_on_stays_one_when_its_label_is_given(path: Path) -> None:
    with begun(path, "a") as session:
        session.record(replace(label("a"), check=True), pick=None, seconds=None)
        session.undo()
        assert give(session, "A", "a") == (replace(label("a"), check=True, given="theirs.csv"),)
        assert session.decided() == ()


def test_labels_that_cannot_be_stored_leave_nothing(path: Path) -> None:
    with begun(path, "a", "b") as session:
        with pytest.raises(SessionError):
            give(session, "A", "a", "not here")
        assert (session.decisions(), session.revision(), session.history()) == ((), 0, ())
        assert session.ever_given("theirs.csv") == frozenset()


def test_a_page_that_cannot_be_stored_leaves_nothing(path: Path) -> None:
    stranger = Decision(content_hash("not here"), DecisionKind.ACCEPT, Answer("A"))
    accepted = Decision(content_hash("a"), DecisionKind.ACCEPT, Answer("A"))
    with begun(path, "a", "b") as session:
        with pytest.raises(SessionError):
            session.record_page([(accepted, pick("a")), (stranger, pick("b"))])
        assert (session.decisions(), session.revision(), session.history()) == ((), 0, ())


def change(session: Session, name: str | None, *texts: str) -> tuple[Decision, ...]:
    answer = Answer(name) if name else None
    return session.change(dict.fromkeys(map(content_hash, texts), answer), revealed=frozenset())


def test_a_label_changed_in_place_keeps_its_place_and_what_was_known(path: Path) -> None:
    with begun(path, "a", "b", "c") as session:
        session.record(label("a"), pick=pick("a"), seconds=2.0, panel=panel("a"))
        record(session, "b", "c")
        assert change(session, "B", "a") == (label("a", "B"),)
    with Session.open(path, write=True) as session:
        assert session.decisions() == (label("a", "B"), label("b"), label("c"))
        changed = session.decided()[0]
        assert (changed.answer, changed.seq, changed.pick) == (Answer("B"), 1, pick("a"))
        assert changed.looked  # what the model answered had stood beside the label
        assert session.panels.of(content_hash("a")) == panel("a")
        change(session, "A", "a")
        assert [one.seq for one in session.decided()] == [1, 2, 3]
        assert session.undo() == (label("a"),)
        assert session.undo() == (label("a", "B"),)
        assert session.decisions() == (label("a"), label("b"), label("c"))


def test_changing_answers_leaves_alone_what_is_so_already_or_not_decided(path: Path) -> None:
    with begun(path, "a", "b", "c", "d") as session:
        record(session, "a")
        session.record(label("b", "B"), pick=None, seconds=None)
        session.record(skip("c"), pick=None, seconds=None)
        assert change(session, "B", "a", "b", "c", "d") == (label("a", "B"), label("c", "B"))
        assert session.decisions() == (label("a", "B"), label("b", "B"), label("c", "B"))
        assert not change(session, "B", "a", "d")
        assert session.revision() == 5
        assert session.undo() == (label("a", "B"), label("c", "B"))  # a page
        assert session.decisions() == (label("a"), label("b", "B"), skip("c"))
        assert change(session, None, "a") == (skip("a"),)
        assert [one.example.text for one in session.decided()] == ["b"]


def test_an_accepted_suggestion_that_is_changed_becomes_a_hunted_label(path: Path) -> None:
    with begun(path, "a") as session:
        accepted = replace(label("a"), kind=DecisionKind.ACCEPT)
        session.record_page([(accepted, pick("a"))])
        assert change(session, "A", "a") == (replace(label("a"), hunted=True),)


def test_a_flagged_label_is_in_no_set_until_it_is_not_flagged(path: Path) -> None:
    with begun(path, "a", "b") as session:
        record(session, "a", "b")
        session.mark([Mark(content_hash("a"), MarkKind.FLAG)])
        session.mark([Mark(content_hash("b"), MarkKind.NOTE, "odd")])
    with Session.open(path, write=True) as session:
        assert labelled_texts(session) == ["b"]
        assert [(one.flagged, one.note) for one in session.all_labelled()] == [
            (True, ""),
            (False, "odd"),
        ]
        counts = session.counts(["A"])
        assert (counts.labelled, counts.flagged, counts.n_labels) == (2, 1, 1)
        assert counts.by_label == {"A": 1}
        assert session.decisions()[0].is_shot is False
        session.mark([Mark(content_hash("a"), MarkKind.UNFLAG)])
        assert labelled_texts(session) == ["a", "b"]


def held(session: Session) -> tuple[object, ...]:
    marks = (session.flagged(), dict(session.notes()))
    return (session.decisions(), *marks, session.all_labelled())


@given(st.data())
@settings(max_examples=10, deadline=None)
def test_mixed_events_are_undone_one_by_one_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mixed") / "pool.neufs.db"
    texts = [f"text {n}" for n in range(8)]
    with begun(path, *texts) as session:
        states = [held(session)]
        while len(states) < 31:
            text = data.draw(st.sampled_from(texts))
            before = session.revision()
            kinds = ["label", "skip", "change", "flag", "note", "offer", "given"]
            match data.draw(st.sampled_from(kinds)):
                case "label":
                    session.record(label(text, data.draw(st.sampled_from("AB"))), pick=pick(text),
                                   seconds=1.0)  # fmt: skip
                case "skip":
                    session.record(skip(text), pick=None, seconds=1.0)
                case "change":
                    some = data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=4))
                    change(session, data.draw(st.sampled_from(["A", "B", None])), *some)
                case "given":
                    decided = {one.example_id for one in session.decisions()}
                    left = [one for one in texts if content_hash(one) not in decided]
                    some = data.draw(st.lists(st.sampled_from(left or texts), unique=True))
                    if left and some:
                        give(session, "A", *some, by=data.draw(st.sampled_from(["x", "y"])))
                case "flag":
                    kind = MarkKind.UNFLAG if content_hash(text) in session.flagged() else "flag"
                    session.mark([Mark(content_hash(text), MarkKind(kind))])
                case "note":
                    session.mark([Mark(content_hash(text), MarkKind.NOTE, data.draw(st.text()))])
                case "offer":
                    skipped = [d for d in session.decisions() if d.kind is DecisionKind.SKIP]
                    session.mark([Mark(one.example_id, MarkKind.OFFER) for one in skipped])
            if session.revision() > before:
                states.append(held(session))
    with Session.open(path, write=True) as session:
        for state in reversed(states[:-1]):
            assert session.undo()
            assert held(session) == state
        assert not session.undo()
        for state in states[1:]:
            assert session.redo()
            assert held(session) == state
