"""Hunts and pages of suggestions in the loop, on an engine that says what it is told to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.core.records import HUNT, Answer, Decision, DecisionKind, Label, Pick
from neufs_tui.engine.protocol import EngineDied, Focus, Suggest, Suggested, Suggestion
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Waiting
from neufs_tui.labelling.suggestions import SuggestedPage, page_of
from neufs_tui.wording.reasons import origin_shown, why_shown
from tests.fakes import READY, FakeEngine, StoredWorkspace, pick, pool, reason

LABEL, SKIP, ACCEPT = DecisionKind.LABEL, DecisionKind.SKIP, DecisionKind.ACCEPT
EXAMPLES = pool(12)
PICKS = tuple(pick(e, why=reason()) for e in EXAMPLES)
HUNTED = tuple(
    replace(
        pick(e, why=reason(strategy=HUNT, label="spam", score=0.93)),
        estimate={"ham": 0.07, "spam": 0.93},
    )
    for e in EXAMPLES
)


def begin(check: int = 0) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    """The first example shown, chosen by a strategy, and what is to follow it."""
    labels = (Label("ham"), Label("spam"))
    workspace = StoredWorkspace(EXAMPLES, labels=labels, check=check)
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    loop.hear(READY)
    loop.hear(engine.rank(pick=PICKS[0], queue=PICKS[1:4]))
    loop.hear(engine.rank(after_label=PICKS[5], after_skip=PICKS[6], queue=PICKS[1:4]))
    return loop, workspace, engine


def hunting(check: int = 0) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    """A hunt with its first example shown."""
    loop, workspace, engine = begin(check)
    loop.hunt("spam")
    loop.hear(engine.rank(pick=HUNTED[7], queue=HUNTED[8:10]))
    loop.hear(engine.rank(after_label=HUNTED[8], after_skip=HUNTED[9], queue=HUNTED[8:10]))
    return loop, workspace, engine


def row(loop: LabellingLoop) -> int | None:
    return loop.shown.example.row if loop.shown else None


def suggested(*rows: int, label: str = "spam", revision: int = 0) -> Suggested:
    sure = enumerate(rows)
    found = tuple(Suggestion(EXAMPLES[at].id, 0.99 - 0.01 * place) for place, at in sure)
    return Suggested(revision, label, found)


def page(loop: LabellingLoop, *rows: int) -> SuggestedPage:
    found = page_of(suggested(*rows), loop.workspace, loop.position)
    assert found is not None
    return found


def test_a_hunt_puts_the_example_back_and_shows_the_likeliest_as_soon_as_it_is_known() -> None:
    loop, workspace, engine = begin()
    loop.hunt("spam")
    assert (row(loop), workspace.done) == (None, [])
    assert loop.waiting is Waiting.CHOOSING
    assert engine.focus == Focus(0, (), None, hunted="spam")
    loop.hear(replace(engine.rank(pick=PICKS[3]), hunted=None))  # an answer from before
    assert row(loop) is None
    loop.hear(engine.rank(pick=HUNTED[7]))
    assert row(loop) == 7
    assert engine.focus == Focus(0, (), EXAMPLES[7].id, hunted="spam")


def test_a_hunted_label_is_marked_and_counts_as_looked_at() -> None:
    loop, workspace, _ = hunting()
    assert loop.has_looked
    assert why_shown(loop) == "Likely spam: .93 by your labels."
    assert "Found in a hunt for spam." in origin_shown(loop)
    made = loop.decide(LABEL, Answer("spam"))
    assert made == Decision(EXAMPLES[7].id, LABEL, Answer("spam"), hunted=True)
    assert row(loop) == 8
    loop.decide(SKIP)
    assert [one.hunted for one in workspace.done] == [True, True]
    (labelled,) = workspace.session.decided()
    assert (labelled.hunted, labelled.looked, labelled.agrees) == (True, True, None)
    assert labelled.pick == HUNTED[7]
    assert loop.counts.hunted == 1


def test_leaving_a_hunt_goes_back_to_the_normal_choice() -> None:
    loop, workspace, engine = hunting()
    loop.decide(LABEL, Answer("spam"))
    late = engine.rank(pick=HUNTED[9])
    loop.hunt(None)
    assert row(loop) is None
    assert engine.focus.hunted is None
    loop.hear(late)
    assert row(loop) is None  # what was hunted for is no longer wanted
    loop.hear(engine.rank(pick=PICKS[8]))
    assert row(loop) == 8
    loop.decide(LABEL, Answer("ham"))
    assert [one.hunted for one in workspace.done] == [True, False]
    assert workspace.looked == {EXAMPLES[7].id, EXAMPLES[8].id}  # it had been named spam before


def test_a_hunt_is_over_after_a_restart_and_what_was_shown_stays() -> None:
    loop, workspace, engine = hunting()
    loop.painted()
    again = LabellingLoop(workspace, waits=True)
    again.connect(engine.send)
    assert (row(again), again.engine.hunted, again.has_looked) == (7, None, True)
    assert engine.focus == Focus(0, (), EXAMPLES[7].id)
    made = again.decide(LABEL, Answer("ham"))
    assert made is not None and made.hunted


def test_a_hunt_ends_with_the_engine_and_outlives_its_restart() -> None:
    loop, _, _ = hunting()
    loop.hear(EngineDied("killed", restarting=True))
    assert loop.engine.hunted == "spam"
    loop.hear(EngineDied("killed", restarting=False))
    assert (loop.engine.state, loop.engine.hunted) == (EngineState.GONE, None)
    loop.decide(LABEL, Answer("spam"))
    assert row(loop) is not None
    assert not loop.may_hunt


def test_while_a_label_is_hunted_no_check_example_comes_and_what_comes_says_why() -> None:
    loop, workspace, _ = hunting(check=6)
    for _ in range(3):
        assert loop.shown is not None and loop.shown.pick is not None
        assert loop.shown.pick.is_hunted
        assert why_shown(loop).startswith("Likely spam")
        loop.decide(LABEL, Answer("spam"))
        if loop.shown is None:
            break
    assert not any(one.check for one in workspace.done)


def test_undo_in_a_hunt_shows_what_was_decided_before_it() -> None:
    loop, _, engine = begin()
    loop.decide(LABEL, Answer("ham"))
    loop.hunt("spam")
    loop.hear(engine.rank(pick=HUNTED[7]))
    loop.undo()
    assert row(loop) == 0
    loop.redo()
    assert row(loop) == 7


def test_a_page_is_stored_at_once_and_what_is_shown_stays() -> None:
    loop, workspace, engine = begin()
    rows = page(loop, 3, 4, 5)
    answers = {EXAMPLES[3].id: "spam", EXAMPLES[5].id: "ham"}
    made = loop.accept(rows, answers)
    assert made == (
        Decision(EXAMPLES[3].id, ACCEPT, Answer("spam")),
        Decision(EXAMPLES[5].id, LABEL, Answer("ham"), hunted=True),
    )
    assert workspace.done == [*made]
    assert row(loop) == 0
    assert engine.focus.decisions == made
    counts = loop.counts
    assert (counts.accepted, counts.labelled, counts.n_labels, counts.left) == (1, 1, 1, 10)
    assert counts.by_class == {"ham": 1, "spam": 0}
    stored = workspace.session.pick_of(EXAMPLES[3].id)
    assert stored is not None and stored.reason is not None
    assert (stored.reason.label, stored.estimate) == ("spam", {"spam": 0.99})
    assert [one.example.id for one in workspace.session.decided()] == [EXAMPLES[5].id]


def test_one_undo_takes_a_page_back_and_one_redo_brings_it_back() -> None:
    loop, workspace, _ = begin()
    loop.decide(LABEL, Answer("ham"))
    made = loop.accept(page(loop, 3, 4), {EXAMPLES[at].id: "spam" for at in (3, 4)})
    before = row(loop)
    assert loop.undo() == made
    assert (row(loop), loop.counts.accepted) == (before, 0)
    assert [one.example_id for one in workspace.done] == [EXAMPLES[0].id]
    assert loop.redo() == made
    assert (row(loop), loop.counts.accepted) == (before, 2)


def test_accepting_what_is_shown_shows_the_next() -> None:
    loop, _, engine = begin()
    loop.hear(engine.rank(queue=PICKS[2:4]))
    assert loop.shown is not None
    loop.accept(page(loop, 0, 3), {EXAMPLES[at].id: "spam" for at in (0, 3)})
    assert row(loop) == 2


def test_of_suggestions_that_come_late_what_is_decided_or_a_check_example_is_left_out() -> None:
    loop, workspace, _ = begin()
    loop.decide(LABEL, Answer("ham"))
    check = Decision(EXAMPLES[2].id, LABEL, Answer("ham"), check=True)
    workspace.session.record(check, pick=None, seconds=None)
    workspace.session.undo()
    assert [example.row for example, _ in page(loop, 0, 2, 3).rows] == [3]
    assert page_of(suggested(0, 2), workspace, loop.position) is None
    assert page_of(Suggested(1, None, ()), workspace, loop.position) is None


@pytest.mark.parametrize("answers", [{}, {EXAMPLES[9].id: "spam"}], ids=["nothing in", "no row"])
def test_a_page_left_empty_stores_nothing(answers: dict[str, str]) -> None:
    loop, workspace, _ = begin()
    assert loop.accept(page(loop, 3, 4), answers) == ()
    assert (workspace.session.revision(), loop.undo()) == (0, ())


def test_suggestions_are_of_the_label_that_is_hunted_for() -> None:
    loop, _, engine = begin()
    assert loop.suggest(9)
    loop.hunt("spam")
    assert loop.suggest(5)
    asked = [one for one in engine.requests if isinstance(one, Suggest)]
    assert asked == [Suggest(None, 9), Suggest("spam", 5)]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (HUNTED[0], "Likely spam: .93 by your labels."),
        (replace(HUNTED[0], estimate={}), "Likely spam: .93 as the model answers."),
        (
            replace(HUNTED[0], reason=reason(strategy=HUNT, label="a\nb", score=0.12)),
            "The likeliest a b that is left: .12 by your labels.",
        ),
    ],
    ids=["by labels", "by the model", "unlikely"],
)
def test_a_hunted_example_says_how_likely_it_is_and_by_what(one: Pick, expected: str) -> None:
    loop, _, engine = begin()
    loop.hunt("spam")
    loop.hear(engine.rank(pick=one))
    assert why_shown(loop) == expected
