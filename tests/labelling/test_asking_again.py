"""Labelled examples asked again: like any other on the screen, and no label changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.core.records import Answer, DecisionKind, Label, Mark, MarkKind
from neufs_tui.core.repeats import Repeat
from neufs_tui.engine.protocol import Explain
from neufs_tui.labelling.loop import LabellingLoop
from tests.fakes import FakeEngine, StoredWorkspace, explanation, pick, pool, reason

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP
EXAMPLES = pool(8)
PICKS = tuple(pick(e, why=reason()) for e in EXAMPLES)
A, B = Answer("A"), Answer("B")


def begun(every: int = 2) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    """Rows 0 and 1 labelled A, so that row 0 is asked again."""
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")), again=every)
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    loop.hear(engine.rank(pick=PICKS[0], queue=PICKS[1:]))
    loop.decide(LABEL, A, seconds=1.0)
    loop.decide(LABEL, A, seconds=1.0)
    return loop, workspace, engine


def shown_row(loop: LabellingLoop) -> int | None:
    return loop.shown.example.row if loop.shown else None


def test_it_is_shown_with_the_reason_it_had_and_the_engine_is_not_told_of_it() -> None:
    loop, _, engine = begun()
    assert shown_row(loop) == 0
    assert loop.shown is not None and loop.shown.pick == replace(PICKS[0], n_labelled=2)
    assert engine.focus.shown is None
    assert len(engine.focus.decisions) == 2
    loop.hear(engine.rank(pick=PICKS[5]))
    asked = [one.example_id for one in engine.requests if isinstance(one, Explain)]
    assert asked == [EXAMPLES[0].id, EXAMPLES[1].id]  # when they came first
    assert shown_row(loop) == 0


def test_another_answer_changes_no_label_and_what_was_chosen_follows() -> None:
    loop, workspace, engine = begun()
    before = workspace.done
    loop.hear(engine.rank(pick=PICKS[5], queue=PICKS[2:4]))
    decision = loop.decide(LABEL, B, seconds=2.5)
    assert decision is not None and (decision.example_id, decision.answer) == (EXAMPLES[0].id, B)
    assert workspace.done == before
    assert loop.position.repeats == (Repeat(EXAMPLES[0].id, A, B),)
    assert shown_row(loop) == 5
    assert loop.done is not None and loop.done.example == EXAMPLES[0]
    assert workspace.session.history()[-1].seconds == 2.5
    loop.decide(LABEL, A)
    assert shown_row(loop) != 0


def test_before_the_engine_has_answered_the_queue_goes_on() -> None:
    loop, _, _ = begun()
    loop.decide(LABEL, A)
    assert shown_row(loop) == 2


@pytest.mark.parametrize("kind", [LABEL, SKIP])
def test_undo_takes_the_second_answer_back_alone(kind: DecisionKind) -> None:
    loop, workspace, _ = begun()
    loop.decide(kind, B if kind is LABEL else None)
    assert len(workspace.session.repeats()) == 1
    mark = Mark(EXAMPLES[0].id, MarkKind.AGAIN, answer=B if kind is LABEL else None)
    assert loop.undo() == (mark,)
    assert shown_row(loop) == 0  # to be answered once more
    assert workspace.session.repeats() == ()
    assert len(workspace.done) == 2
    assert loop.redo() == (mark,)
    assert len(workspace.session.repeats()) == 1


def test_undo_before_it_is_answered_shows_the_last_labelled_one() -> None:
    loop, workspace, _ = begun()
    loop.undo()
    assert shown_row(loop) == 1
    assert [one.example_id for one in workspace.done] == [EXAMPLES[0].id]
    loop.redo()
    assert shown_row(loop) == 0


def test_a_restart_asks_it_as_soon_as_a_strategy_has_chosen() -> None:
    _, workspace, _ = begun()
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    loop.hear(engine.rank(pick=PICKS[4]))
    assert shown_row(loop) == 0


def test_what_the_panel_said_then_is_what_it_says_now() -> None:
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")), again=2)
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    loop.hear(engine.rank(pick=PICKS[0], queue=PICKS[1:]))
    for answer in (A, A):
        loop.decide(LABEL, answer)
    workspace.session.panels.add(explanation(EXAMPLES[0].id))
    loop.undo()
    loop.redo()
    assert shown_row(loop) == 0
    known = replace(explanation(EXAMPLES[0].id), n_labelled=2)
    assert loop.questions.explanation == known
    assert [one.example.id for one in loop.told_labelled] == [EXAMPLES[1].id]


def test_a_hunt_is_not_interrupted() -> None:
    loop, _, engine = begun()
    loop.hear(engine.rank(pick=PICKS[5], queue=PICKS[2:4]))
    loop.hunt("B")
    assert loop.shown is None
    loop.hear(engine.rank(pick=PICKS[6]))
    assert shown_row(loop) == 6
