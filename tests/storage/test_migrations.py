"""Sessions of earlier versions, as those versions wrote them, opened by this one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task, content_hash
from neufs_tui.errors import SessionError
from neufs_tui.storage.migrations import session_migrations
from neufs_tui.storage.session import Session
from neufs_tui.storage.stored_json import SessionSettings, to_json
from tests.storage.values import panel, pick

BEFORE_PANELS = "m002_looked_and_panels"
BEFORE_ANSWERS = "m004_answers_and_examples_not_shown"
BEFORE_TASKS = "m003_tasks_and_probabilities_by_label"
BEFORE_CHECKS = "m006_check_examples"
BEFORE_READINGS = "m008_readings_of_check_examples"
BEFORE_HUNTS = "m009_hunted_and_pages"
BEFORE_GIVEN = "m011_labels_given_elsewhere"
TASK = Task((Label("A"), Label("B", "the other")), instruction="Sort.")
MODEL = {"name": "m", "fingerprint": "f00d", "device": "cpu", "dtype": "float32"}


def written_before(path: Path, step: str) -> Database:
    """A session file as it was before a step of the migrations, with one text."""
    db = Database(path)
    session_migrations.apply(db, stop_before=step)
    example = {"text": "a", "source_id": "null", "fields": "{}", "row": 0, "in_pool": 1}
    db.table("examples").insert({"id": content_hash("a"), **example})
    db.table("state").insert({"name": "settings", "value": to_json(SessionSettings(TASK))})
    return db


def label_line(**columns: object) -> dict[str, object]:
    line = {"seq": 1, "kind": "label", "example_id": content_hash("a"), "label": "A"}
    return line | {"at": "2026-01-01T00:00:00.000+00:00", "version": "0.1.0"} | columns


def by_position(shares: list[float], answer: str = "A") -> dict[str, Any]:
    """A pick as it was stored while probabilities stood in the order of the labels."""
    stored = asdict(pick("a", answer)) | {"probabilities": shares}
    del stored["model"]
    return stored


def read(path: Path) -> LabelledExample:
    """The one label, the same to a reader and to the writer that brings the file up to date."""
    with Session.open(path, write=False) as session:
        (before,) = session.decided()
    with Session.open(path, write=True) as session:
        assert session.decided() == (before,)
    return before


def test_a_session_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_PANELS)
    db.table("events").insert(label_line())
    db.close()
    one = read(path)
    assert (one.answer, one.looked, one.pick, one.task) == (Answer("A"), False, None, TASK)
    with Session.open(path, write=True) as session:
        session.panels.add(panel("a"))
        assert session.panels.of(content_hash("a")) == panel("a")


@pytest.mark.parametrize(
    ("shares", "answer", "panel_names", "expected"),
    [
        ([0.75, 0.25], "A", None, {"A": 0.75, "B": 0.25}),
        ([0.25, 0.75], "Z", ("Y", "Z"), {"Y": 0.25, "Z": 0.75}),
        ([0.5, 0.3, 0.2], "A", None, {}),
        ([0.25, 0.75], "A", None, {}),
        ([0.75, 0.25], "Z", None, {}),
        ([0.75, 0.25], "A", ("A", "B", "C"), {}),
    ],
    ids=[
        "the session's",
        "the panel's",
        "more",
        "another answer",
        "other names",
        "not the panel's",
    ],
)
def test_probabilities_by_position_take_the_names_that_fit_them(
    tmp_path: Path,
    shares: list[float],
    answer: str,
    panel_names: tuple[str, ...] | None,
    expected: dict[str, float],
) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_TASKS)
    stored = json.dumps(by_position(shares, answer))
    db.table("events").insert(label_line(pick=stored, model=json.dumps(MODEL)))
    if panel_names is not None:
        said = asdict(panel("a")) | {"probabilities": dict.fromkeys(panel_names, 0.5)}
        db.table("panels").insert({"seq": 1, "panel": json.dumps(said)})
    db.close()
    one = read(path)
    assert one.pick is not None
    assert one.pick.probabilities == expected
    assert (one.pick.answer, one.pick.reason) == (answer, pick("a").reason)
    assert one.pick.model is not None and one.pick.model.fingerprint == "f00d"
    assert one.task == TASK


def test_what_was_on_screen_in_an_earlier_version_is_shown_again(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_TASKS)
    shown = {"example_id": content_hash("a"), "revision": 0, "looked": True}
    shown |= {"pick": by_position([0.75, 0.25])}
    db.table("state").insert({"name": "shown", "value": json.dumps(shown)})
    db.close()
    with Session.open(path, write=True) as session:
        assert session.shown() == (content_hash("a"), pick("a"), True)


FERRY = content_hash("When does the next ferry leave?")
THANKS = content_hash("Thank you for the quick help.")
WAVED = content_hash("The driver waved at us.")
REFUND = content_hash("Could you refund my ticket?")
SEAT = content_hash("My seat was wet.")


def test_a_session_with_labels_by_name_goes_on_with_everything(tmp_path: Path) -> None:
    """Five labels and a skip, three decisions undone and one redone, two looks at an answer."""
    path = tmp_path / "pool.neufs.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((Path(__file__).parent / "sessions" / "labels_by_name.sql").read_text())
    holding = (
        Decision(FERRY, DecisionKind.LABEL, Answer("reply")),
        Decision(THANKS, DecisionKind.LABEL, Answer("file")),
        Decision(WAVED, DecisionKind.SKIP),
        Decision(REFUND, DecisionKind.LABEL, Answer("file")),
    )
    with Session.open(path, write=False) as session:
        assert session.decisions() == holding
        read_only = session.decided()
    with Session.open(path, write=True) as session:
        assert (session.revision(), session.decisions()) == (10, holding)
        assert session.decided() == read_only
        assert [one.looked for one in read_only] == [False, True, True]
        assert all(one.shown for one in read_only)
        for one in read_only:
            assert one.pick is not None and one.pick.model is not None and one.task is not None
            assert one.pick.model.name == "tiny-llama"
            assert set(one.pick.probabilities) == {"reply", "file"} == {*one.task.label_names}
            panel = session.panels.of(one.example.id)
            assert panel is not None and panel.example_id == one.example.id
        shown = session.shown()
        assert shown is not None and shown[0] == SEAT
        assert session.redo() == (Decision(SEAT, DecisionKind.LABEL, Answer("reply")),)
        assert [session.undo() for _ in range(5)] == [
            (Decision(SEAT, DecisionKind.LABEL, Answer("reply")),),
            *((one,) for one in reversed(holding)),
        ]
        assert [session.redo() for _ in range(5)][:4] == [(one,) for one in holding]
        another = Decision(content_hash("Nothing to add."), DecisionKind.LABEL, Answer("file"))
        session.record(another, pick=None, seconds=None)
    with Session.open(path, write=False) as session:
        labels = [*holding, Decision(SEAT, DecisionKind.LABEL, Answer("reply")), another]
        assert list(session.decisions()) == labels


def test_an_answer_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_ANSWERS)
    db.table("events").insert(label_line())
    db.close()
    with Session.open(path, write=True) as session:
        assert session.decided()[0].answer == Answer("A")
    with closing(sqlite3.connect(path)) as other:
        other.execute('update events set answer = \'{"labels": ["A", "B"]}\'')
        other.commit()
    with pytest.raises(SessionError, match="an answer that cannot be read"):
        Session.open(path, write=False)


def test_an_earlier_session_has_no_check_examples_and_takes_some(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_CHECKS)
    line = {name: value for name, value in label_line().items() if name != "label"}
    db.table("events").insert(line | {"answer": to_json(Answer("A")), "shown": 1})
    db.close()
    assert not read(path).check
    label = Decision(content_hash("a"), DecisionKind.LABEL, Answer("B"), check=True)
    with Session.open(path, write=True) as session:
        assert session.decisions() == (replace(label, answer=Answer("A"), check=False),)
        session.record(label, pick=None, seconds=None)
    with Session.open(path, write=False) as session:
        assert session.decisions() == (label,)
        assert [event.check for event in session.history()] == [False, True]


def test_an_earlier_session_knows_of_no_readings_and_takes_some(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    written_before(path, BEFORE_READINGS).close()
    with Session.open(path, write=False) as session:
        assert session.checks.of(None) == {}
    read = ChecksRead("f00d", 1, 1, ("A", "B"), ())
    with Session.open(path, write=True) as session:
        session.checks.keep(read, None)
    with Session.open(path, write=False) as session:
        assert session.checks.of(None) == {1: read}


def test_an_earlier_session_has_no_hunts_and_no_pages_and_takes_some(tmp_path: Path) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_HUNTS)
    stored = asdict(pick("a"))
    del stored["estimate"], stored["model"], stored["reason"]["label"]
    line = {name: value for name, value in label_line().items() if name != "label"}
    line |= {"answer": to_json(Answer("A")), "pick": json.dumps(stored)}
    db.table("events").insert(line)
    db.close()
    one = read(path)
    assert (one.hunted, one.pick) == (False, pick("a"))
    accepted = Decision(content_hash("a"), DecisionKind.ACCEPT, Answer("B"))
    with Session.open(path, write=True) as session:
        session.record_page([(accepted, pick("a"))])
        assert session.decisions() == (accepted,)
        session.undo()
        assert session.decisions() == (
            Decision(content_hash("a"), DecisionKind.LABEL, Answer("A")),
        )
        assert [event.page for event in session.history()] == [None, 2, 2]


def test_an_earlier_session_has_only_labels_of_its_annotator_and_takes_others(
    tmp_path: Path,
) -> None:
    path = tmp_path / "pool.neufs.db"
    db = written_before(path, BEFORE_GIVEN)
    line = {name: value for name, value in label_line().items() if name != "label"}
    db.table("events").insert(line | {"answer": to_json(Answer("A")), "shown": 1})
    db.close()
    assert read(path).given == ""
    with Session.open(path, write=True) as session:
        session.undo()
        session.record_given({content_hash("a"): Answer("B")}, "theirs.csv")
    with Session.open(path, write=False) as session:
        assert [one.given for one in session.decided()] == ["theirs.csv"]
        assert [one.given for one in session.history()] == ["", "", "theirs.csv"]
