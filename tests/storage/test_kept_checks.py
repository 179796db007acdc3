"""Readings of check examples come back to the model and the task that they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.check_readings import CheckReading, ChecksRead, digests
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task
from neufs_tui.storage.session import Session
from neufs_tui.storage.stored_json import SessionSettings
from tests.fakes import IDENTITY

TASK = Task((Label("yes"), Label("no")))
READ = ChecksRead(
    "f00d", 2, 2, ("yes", "no"), (CheckReading("a", (-0.1, -2.30000019), (-1.5, -0.25)),)
)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    with Session.open(tmp_path / "pool.neufs.db", write=True) as opened:
        opened.save_settings(SessionSettings(TASK))
        yield opened


def test_what_was_read_comes_back_as_it_was_to_the_same_model_and_task(session: Session) -> None:
    other = replace(IDENTITY, fingerprint="beef")
    session.checks.keep(READ, IDENTITY)
    session.checks.keep(replace(READ, n_labels=3), None)
    assert session.checks.of(IDENTITY) == {2: READ}
    assert session.checks.of(other) == {}
    assert session.checks.of(None) == {3: replace(READ, n_labels=3)}
    session.save_settings(SessionSettings(replace(TASK, instruction="Otherwise.")))
    assert session.checks.of(IDENTITY) == {}
    session.save_settings(SessionSettings(TASK))
    assert session.checks.of(IDENTITY) == {2: READ}
    with Session.open(session.path, write=False) as reader:
        assert reader.checks.of(IDENTITY) == {2: READ}


def test_with_as_many_labels_the_last_is_kept(session: Session) -> None:
    session.checks.keep(READ, IDENTITY)
    later = replace(READ, behind="beef")
    session.checks.keep(later, IDENTITY)
    assert session.checks.of(IDENTITY) == {2: later}


def test_of_many_labels_some_are_kept_and_always_the_last(session: Session) -> None:
    for n_labels in range(151):
        session.checks.keep(replace(READ, n_labels=n_labels), IDENTITY)
        assert n_labels in session.checks.of(IDENTITY)
    assert [*session.checks.of(IDENTITY)] == [
        *range(64),
        *range(64, 128, 2),
        *range(128, 149, 4),
        150,
    ]


def test_a_decision_is_on_disk_as_before_once_readings_were_kept(session: Session) -> None:
    session.checks.keep(READ, IDENTITY)
    full = 2
    assert session._file.db.execute("pragma synchronous").fetchone() == (full,)


LABELS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["yes", "no"]), st.booleans())
)


def decisions(rows: list[tuple[str, str, bool]]) -> list[Decision]:
    return [Decision(one, DecisionKind.LABEL, Answer(label), check) for one, label, check in rows]


@given(LABELS, LABELS)
def test_digests_are_the_same_as_far_as_the_demonstrations_are(
    these: list[tuple[str, str, bool]], those: list[tuple[str, str, bool]]
) -> None:
    in_pool = "abcd"
    one, other = (
        [at.hexdigest() for at in digests(decisions(rows), in_pool)] for rows in (these, those)
    )
    shots, others = (
        [(name, label) for name, label, check in rows if not check] for rows in (these, those)
    )
    assert len(one) == len(shots) + 1
    for n in range(min(len(one), len(other))):
        shown, also = ([row for row in rows[:n] if row[0] in in_pool] for rows in (shots, others))
        assert (one[n] == other[n]) == (shown == also)
