"""Changes in place, flags, notes and offers: the set follows, and what is shown stays."""

from __future__ import annotations

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Mark, MarkKind
from neufs_tui.engine.protocol import Rescored
from neufs_tui.errors import SessionError
from neufs_tui.labelling.loop import LabellingLoop
from tests.fakes import FakeEngine, StoredWorkspace, pick, pool, reason

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP
EXAMPLES = pool(8)
PICKS = tuple(pick(e, why=reason()) for e in EXAMPLES)
A, B = Answer("A"), Answer("B")


def begun(check: int = 0) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    """Rows 0 and 1 labelled A, 2 skipped, 3 on the screen."""
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")), check=check)
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    loop.hear(engine.rank(pick=PICKS[0], queue=PICKS[1:]))
    for kind, answer in ((LABEL, A), (LABEL, A), (SKIP, None)):
        loop.decide(kind, answer, seconds=1.0)
    loop.painted()
    return loop, workspace, engine


def shown_row(loop: LabellingLoop) -> int | None:
    return loop.shown.example.row if loop.shown else None


def decided(row: int, answer: Answer | None) -> Decision:
    return Decision(EXAMPLES[row].id, LABEL if answer else SKIP, answer)


def test_a_change_keeps_the_order_and_the_example_shown_and_the_engine_hears_of_it() -> None:
    loop, workspace, engine = begun()
    assert loop.change({EXAMPLES[0].id: B}) == (decided(0, B),)
    assert workspace.done == [decided(0, B), decided(1, A), decided(2, None)]
    assert shown_row(loop) == 3
    assert engine.focus.decisions == tuple(workspace.done)
    assert engine.focus.revision == 4
    assert loop.counts.by_class == {"A": 1, "B": 1}


def test_what_was_measured_with_other_labels_is_not_told_any_more() -> None:
    loop, _, engine = begun()
    loop.hear(Rescored(2, 2, 5, 5, revision=engine.focus.revision))
    loop.note(EXAMPLES[0].id, "odd")
    assert loop.engine.rescored is not None  # the labels are what they were
    loop.flag(EXAMPLES[0].id)
    assert loop.engine.rescored is None


def test_undo_takes_a_change_back_and_leaves_the_screen_as_it_is() -> None:
    loop, workspace, engine = begun()
    before = workspace.done
    loop.change({EXAMPLES[0].id: B, EXAMPLES[2].id: B})
    assert loop.undo() == (decided(0, B), decided(2, B))
    assert workspace.done == before
    assert shown_row(loop) == 3
    assert loop.redo() == (decided(0, B), decided(2, B))
    assert shown_row(loop) == 3
    assert loop.undo() and loop.undo()  # the skip: its example is shown again
    assert shown_row(loop) == 2
    assert engine.focus.decisions == tuple(workspace.done) == (decided(0, A), decided(1, A))


def test_a_flagged_label_is_passed_over_by_the_engine_until_it_is_not_flagged() -> None:
    loop, workspace, engine = begun()
    assert loop.flag(EXAMPLES[0].id)
    assert engine.focus.decisions == (decided(0, None), decided(1, A), decided(2, None))
    assert [one.example.row for one in workspace.session.decided()] == [1]
    assert loop.counts.n_labels == 1
    assert not loop.flag(EXAMPLES[0].id)
    assert engine.focus.decisions == (decided(0, A), decided(1, A), decided(2, None))
    assert loop.undo() == (Mark(EXAMPLES[0].id, MarkKind.UNFLAG),)
    assert EXAMPLES[0].id in workspace.session.flagged()


def test_a_flag_on_the_example_shown_counts_once_it_is_labelled() -> None:
    loop, workspace, _ = begun()
    loop.flag(EXAMPLES[3].id)
    assert shown_row(loop) == 3
    loop.decide(LABEL, A)
    assert [one.example.row for one in workspace.session.decided()] == [0, 1]
    assert workspace.session.all_labelled()[-1].flagged


def test_a_note_is_kept_trimmed_and_the_same_again_changes_nothing() -> None:
    loop, workspace, _ = begun()
    assert loop.note(EXAMPLES[3].id, "  two in one ")
    assert workspace.session.notes() == {EXAMPLES[3].id: "two in one"}
    assert not loop.note(EXAMPLES[3].id, "two in one")
    assert loop.note(EXAMPLES[3].id, " ")
    assert workspace.session.notes() == {}
    assert loop.undo() == (Mark(EXAMPLES[3].id, MarkKind.NOTE, ""),)
    assert workspace.session.notes() == {EXAMPLES[3].id: "two in one"}


def test_a_restart_shows_the_example_that_was_marked() -> None:
    loop, workspace, _ = begun()
    loop.note(EXAMPLES[3].id, "odd")
    again = LabellingLoop(workspace, waits=True)
    assert shown_row(again) == 3
    assert again.shown is not None and again.shown.pick == PICKS[3]


def test_skipped_examples_are_offered_again_and_that_is_undone_at_once() -> None:
    loop, workspace, engine = begun()
    while loop.shown is not None:
        loop.decide(SKIP)
    assert not loop.counts.left
    assert len(loop.offer_skipped()) == 6
    assert loop.counts.left == 6
    assert shown_row(loop) in range(2, 8)
    assert engine.focus.decisions == (decided(0, A), decided(1, A))
    assert len(loop.undo()) == 6
    assert loop.shown is None
    loop.redo()
    assert workspace.done == [decided(0, A), decided(1, A)]
    assert loop.offer_skipped() == []


def test_what_fails_to_be_stored_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, workspace, engine = begun()

    def fail(*_: object) -> None:
        raise SessionError("disk full")

    monkeypatch.setattr(workspace.session, "_append", fail)
    n_requests, before = len(engine.requests), loop.position
    for act in (
        lambda: loop.change({EXAMPLES[0].id: B}),
        lambda: loop.flag(EXAMPLES[0].id),
        lambda: loop.note(EXAMPLES[0].id, "odd"),
        lambda: loop.offer_skipped(),
    ):
        with pytest.raises(SessionError):
            act()
    assert (len(engine.requests), loop.position) == (n_requests, before)


def test_a_flagged_check_example_measures_nothing() -> None:
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")), check=2)
    loop = LabellingLoop(workspace, waits=True)
    check = Decision(EXAMPLES[5].id, LABEL, A, check=True)
    workspace.session.record(check, pick=None, seconds=None)
    loop = LabellingLoop(workspace, waits=True)
    assert set(loop.position.checked) == {EXAMPLES[5].id}
    loop.flag(EXAMPLES[5].id)
    assert not loop.position.checked
    assert loop.position.n_checks_left == 1  # it is not drawn anew for that
    assert workspace.session.checked() == ()
