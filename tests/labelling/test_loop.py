"""What comes next, whatever the engine does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.core.draws import Draws, drawn
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label
from neufs_tui.core.settings import SIGNALS, SelectionSettings
from neufs_tui.engine.protocol import (
    EngineDied,
    EngineFailed,
    Explain,
    Explained,
    Focus,
    Rescored,
    ScanProgressed,
    Stage,
)
from neufs_tui.errors import SessionError
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Shown, Waiting
from neufs_tui.statistics.track_record import signal_for
from tests.fakes import (
    IDENTITY,
    LABELS,
    READY,
    FakeEngine,
    StoredWorkspace,
    example,
    explanation,
    pick,
    pool,
    reason,
)

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP
EXAMPLES = pool(8)
PICKS = tuple(pick(e, why=reason()) for e in EXAMPLES)


def begin(
    workspace: StoredWorkspace | None = None,
) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    workspace = workspace or StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")))
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    return loop, workspace, engine


def ranked(
    workspace: StoredWorkspace | None = None,
) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    """The first example shown, with a fresh ranking of what may follow."""
    loop, workspace, engine = begin(workspace)
    loop.hear(engine.rank(pick=PICKS[0], queue=PICKS[1:4]))
    loop.hear(engine.rank(after_label=PICKS[5], after_skip=PICKS[6], queue=PICKS[1:4]))
    return loop, workspace, engine


def shown_row(loop: LabellingLoop) -> int | None:
    return loop.shown.example.row if loop.shown else None


def test_nothing_is_shown_until_the_engine_chose() -> None:
    loop, _, engine = begin()
    assert loop.waiting is Waiting.LOADING
    assert engine.focus == Focus(0, (), None)
    loop.hear(ScanProgressed(4, 8, 1.0, 4.0))
    assert loop.waiting is Waiting.CHOOSING
    loop.hear(engine.rank(pick=PICKS[2]))
    assert shown_row(loop) == 2
    assert engine.focus == Focus(0, (), EXAMPLES[2].id)


@pytest.mark.parametrize(("kind", "answer", "row"), [(LABEL, Answer("A"), 5), (SKIP, None, 6)])
def test_a_fresh_ranking_says_what_follows(
    kind: DecisionKind, answer: Answer | None, row: int
) -> None:
    loop, workspace, engine = ranked()
    decision = Decision(EXAMPLES[0].id, kind, answer)
    assert loop.decide(kind, answer, seconds=1.5) == decision
    assert workspace.done == [decision]
    assert workspace.picks[EXAMPLES[0].id] == PICKS[0]
    assert workspace.seconds == [1.5]
    assert shown_row(loop) == row
    assert engine.focus == Focus(1, (decision,), EXAMPLES[row].id)


def test_an_old_ranking_lends_its_queue() -> None:
    loop, _, _ = ranked()
    loop.decide(LABEL, Answer("A"))
    loop.decide(LABEL, Answer("A"))
    assert shown_row(loop) == 1


def test_keys_faster_than_the_engine_follow_what_it_looked_ahead() -> None:
    loop, _, engine = ranked()
    ahead = {"after_label": PICKS[5], "further_after_label": (PICKS[7], PICKS[3])}
    loop.hear(engine.rank(**ahead, queue=PICKS[1:3]))
    seen = []
    for kind in (LABEL, SKIP, SKIP, SKIP):
        loop.decide(kind, Answer("A") if kind is LABEL else None)
        seen.append(shown_row(loop))
    assert seen == [5, 7, 3, 1]
    loop.hear(engine.rank(after_label=PICKS[6], queue=PICKS[2:3]))
    loop.decide(LABEL, Answer("A"))
    assert shown_row(loop) == 6


def test_a_ranking_that_comes_after_its_example_was_decided_is_followed_all_the_same() -> None:
    loop, _, engine = ranked()
    loop.decide(LABEL, Answer("A"))
    late = engine.rank(
        after_label=PICKS[2], further_after_label=(PICKS[4], PICKS[3]), queue=PICKS[1:2]
    )
    loop.decide(LABEL, Answer("B"))
    assert shown_row(loop) == 1  # by the ranking from before both labels
    loop.hear(late)
    assert shown_row(loop) == 1
    seen = []
    for kind in (SKIP, LABEL, SKIP):
        loop.decide(kind, Answer("A") if kind is LABEL else None)
        seen.append(shown_row(loop))
    assert seen == [2, 4, 3]


def test_after_an_undo_nothing_is_followed_that_knew_the_label() -> None:
    loop, _, engine = ranked()
    loop.decide(LABEL, Answer("A"))
    late = engine.rank(after_label=PICKS[2], queue=PICKS[1:2])
    loop.decide(LABEL, Answer("B"))
    loop.undo()
    loop.hear(late)
    loop.decide(SKIP)
    assert shown_row(loop) != 2


def test_a_ranking_never_changes_what_is_on_the_screen() -> None:
    loop, _, engine = ranked()
    loop.hear(engine.rank(pick=PICKS[7], after_label=PICKS[7]))
    assert shown_row(loop) == 0


def test_a_late_ranking_does_not_replace_a_newer_one() -> None:
    loop, _, engine = ranked()
    late = engine.rank(queue=PICKS[6:7])
    loop.decide(SKIP)
    loop.hear(engine.rank(after_label=PICKS[3], queue=PICKS[4:5]))
    loop.hear(late)
    loop.decide(LABEL, Answer("A"))
    assert shown_row(loop) == 3


def test_a_late_ranking_does_not_fill_an_empty_screen() -> None:
    loop, _, engine = begin()
    loop.hear(engine.rank(pick=PICKS[0]))
    late = engine.rank(pick=PICKS[0])
    loop.decide(LABEL, Answer("A"))
    loop.hear(late)
    assert loop.waiting is Waiting.CHOOSING
    loop.hear(engine.rank(pick=PICKS[4]))
    assert shown_row(loop) == 4


def test_what_is_decided_is_never_proposed_again() -> None:
    loop, _, engine = ranked()
    loop.decide(LABEL, Answer("A"))
    loop.hear(engine.rank(after_label=PICKS[0], queue=(PICKS[0], PICKS[5], PICKS[2])))
    loop.decide(LABEL, Answer("A"))
    assert shown_row(loop) == 2


def test_a_label_that_cannot_be_stored_moves_nothing() -> None:
    loop, workspace, engine = ranked()
    workspace.full = True
    before = list(engine.requests)
    with pytest.raises(SessionError):
        loop.decide(LABEL, Answer("A"))
    assert shown_row(loop) == 0
    assert engine.requests == before


def test_undo_shows_each_example_again_with_its_reason_and_redo_goes_back() -> None:
    loop, _, _ = ranked()
    for _ in range(3):
        loop.decide(LABEL, Answer("A"))
    rows = [shown_row(loop)]
    for _ in range(3):
        assert loop.undo()
        rows.append(shown_row(loop))
    assert rows == [2, 1, 5, 0]
    assert loop.shown is not None
    assert loop.shown.pick == PICKS[0]
    for row in (5, 1, 2):
        assert loop.redo()
        assert shown_row(loop) == row
    assert loop.counts.labelled == 3


def test_what_was_reread_with_labels_undone_since_is_not_known_any_more() -> None:
    loop, workspace, engine = ranked()
    loop.decide(LABEL, Answer("A"))
    loop.decide(LABEL, Answer("A"))
    before = Rescored(2, 2, 3, 6, revision=workspace.session.revision())
    loop.hear(before)
    assert loop.engine.rescored == before
    loop.undo()
    assert loop.engine.rescored is None
    loop.hear(before)  # on its way when she undid
    assert loop.engine.rescored is None
    loop.decide(LABEL, Answer("B"))
    loop.hear(replace(before, revision=workspace.session.revision() - 1))
    assert loop.engine.rescored is not None and loop.engine.rescored.n_labels == 2
    loop.undo()
    loop.redo()
    assert loop.engine.rescored is None
    assert engine.focus.revision == workspace.session.revision()


def test_there_may_be_nothing_to_undo_or_redo() -> None:
    loop, _, _ = ranked()
    assert not loop.undo()
    assert not loop.redo()
    assert shown_row(loop) == 0


def test_undo_of_a_removed_row_leaves_the_screen_alone() -> None:
    loop, workspace, _ = ranked(StoredWorkspace(EXAMPLES, removed=(example(99),)))
    gone = Decision(example(99).id, LABEL, Answer("A"))
    workspace.session.record(gone, pick=None, seconds=None, looked=False, panel=None)
    assert loop.undo() == (gone,)
    assert shown_row(loop) == 0


def test_a_restart_shows_the_same_example_before_the_engine_is_up() -> None:
    workspace = StoredWorkspace(EXAMPLES)
    workspace.session.set_shown(EXAMPLES[3].id, PICKS[3])
    loop, _, engine = begin(workspace)
    assert loop.shown is not None
    assert loop.shown.pick == PICKS[3]
    assert engine.focus.shown == EXAMPLES[3].id
    loop.decide(LABEL, Answer("A"))
    assert loop.waiting is Waiting.LOADING


def test_when_the_engine_dies_the_queue_goes_on_then_random_draws() -> None:
    loop, _, _ = ranked()
    loop.hear(EngineDied("killed", restarting=True))
    assert loop.engine.state is EngineState.RESTARTING
    rows = []
    for _ in range(7):
        loop.decide(SKIP)
        rows.append(shown_row(loop))
    assert rows[:4] == [6, 1, 2, 3]
    assert sorted(r for r in rows if r is not None) == [1, 2, 3, 4, 5, 6, 7]
    assert loop.decide(SKIP) is not None
    assert loop.waiting is Waiting.FINISHED


def test_a_waiting_screen_is_filled_when_the_engine_dies() -> None:
    loop, workspace, engine = begin()
    loop.hear(engine.rank(pick=PICKS[0]))
    loop.decide(LABEL, Answer("A"))
    assert loop.waiting is Waiting.CHOOSING
    loop.hear(EngineDied("killed", restarting=True))
    (draw,) = workspace.draws.next({EXAMPLES[0].id})
    assert loop.shown is not None
    assert loop.shown.pick == draw
    assert engine.focus.shown == draw.example_id


def drawing() -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    """A loop as the screen has it, with its first draw shown."""
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")))
    engine, loop = FakeEngine(), LabellingLoop(workspace)
    loop.begin()
    loop.connect(engine.send)
    return loop, workspace, engine


def test_until_a_strategy_has_chosen_examples_are_drawn_in_an_order_of_seed_and_texts() -> None:
    loop, workspace, engine = drawing()
    order = [one.example_id for one in Draws(reversed([e.id for e in EXAMPLES]), 0).next((), n=8)]
    assert order != [example.id for example in EXAMPLES]
    assert loop.shown_id == order[0]
    loop.decide(LABEL, Answer("A"))
    assert loop.shown_id == order[1]
    loop.hear(engine.rank())  # a few are scanned, and nothing is chosen from them yet
    loop.decide(SKIP)
    assert loop.shown_id == order[2]
    assert workspace.picks == {one: drawn(one, 0) for one in order[:2]}
    assert [one.agrees for one in workspace.session.decided()] == [None]
    loop.hear(engine.rank(after_label=next(p for p in PICKS if p.example_id == order[7])))
    loop.decide(LABEL, Answer("A"))
    assert loop.shown_id == order[7]
    loop.decide(LABEL, Answer("A"))
    assert loop.waiting is Waiting.CHOOSING
    loop.undo()
    loop.undo()
    assert loop.shown is not None and loop.shown.pick == drawn(order[2], 0)


def test_a_draw_from_before_the_pool_was_read_stays_if_it_is_in_it_and_undecided() -> None:
    workspace = StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")))
    loop = LabellingLoop(workspace)
    loop.begin(EXAMPLES[5].id)
    assert shown_row(loop) == 5
    assert loop.shown is not None and loop.shown.pick == drawn(EXAMPLES[5].id, 0)
    assert loop.look() is None
    loop.decide(LABEL, Answer("A"))
    for first in (EXAMPLES[5].id, example(99).id, None):
        again = LabellingLoop(workspace)
        again.begin(first)
        (draw,) = workspace.draws.next({EXAMPLES[5].id})
        assert again.shown_id == draw.example_id


def test_what_the_session_shows_is_not_drawn_anew() -> None:
    workspace = StoredWorkspace(EXAMPLES)
    workspace.session.set_shown(EXAMPLES[3].id, PICKS[3])
    loop = LabellingLoop(workspace)
    loop.begin(EXAMPLES[5].id)
    assert loop.shown is not None and loop.shown.pick == PICKS[3]


def test_a_model_that_cannot_load_leaves_the_draws() -> None:
    loop, workspace, engine = drawing()
    loop.hear(Stage("libraries", "loading libraries"))
    loop.hear(EngineFailed("No such model.", ""))
    n_sent = len(engine.requests)
    for n in range(1, 8):
        before = loop.shown_id
        loop.decide(LABEL, Answer("A"))
        assert before is not None and loop.shown_id not in (before, None)
        assert len(workspace.done) == n
    assert len(engine.requests) == n_sent
    loop.decide(SKIP)
    assert loop.waiting is Waiting.FINISHED


def test_an_engine_out_of_memory_is_awaited_again() -> None:
    loop, _, engine = begin()
    loop.hear(EngineFailed("Out of memory.", "", out_of_memory=True))
    assert loop.engine.state is EngineState.RESTARTING
    assert loop.waiting is Waiting.LOADING
    loop.hear(engine.rank(pick=PICKS[0]))
    assert loop.engine.state is EngineState.RUNNING


def test_when_all_that_is_scanned_is_decided_the_scan_is_awaited() -> None:
    loop, _, engine = begin()
    loop.hear(engine.rank(pick=None))
    assert loop.waiting is Waiting.SCANNING
    loop.hear(engine.rank(pick=PICKS[1]))
    assert shown_row(loop) == 1


def test_a_complete_ranking_with_nothing_left_hands_over_to_draws() -> None:
    loop, workspace, engine = begin()
    loop.hear(engine.rank(pick=None, complete=True))
    (draw,) = workspace.draws.next(())
    assert loop.shown_id == draw.example_id


def test_a_pool_that_is_taken_in_leaves_what_is_shown() -> None:
    loop, workspace, engine = ranked()
    loop.hear(ScanProgressed(8, 8, 1.0, None))
    moved = replace(EXAMPLES[0], row=9)
    loop.take_in(workspace.with_pool([*EXAMPLES[2:], example(8), moved]))
    assert loop.shown == Shown(moved, PICKS[0])
    assert engine.focus.shown == moved.id
    assert loop.counts.pool == 8
    assert loop.engine.scan is None  # nothing is known of it yet
    loop.decide(LABEL, Answer("A"))
    assert loop.shown is not None and loop.shown.example == EXAMPLES[5]  # as was looked ahead


def test_a_text_that_left_the_pool_can_still_be_labelled_and_does_not_come_again() -> None:
    loop, workspace, _ = ranked()
    loop.take_in(workspace.with_pool(EXAMPLES[3:]))
    assert loop.shown is not None and loop.shown.example == EXAMPLES[0]
    loop.decide(LABEL, Answer("A"))
    assert loop.counts.labels_elsewhere == 1
    assert loop.shown.example == EXAMPLES[5]
    loop.undo()
    assert loop.shown.example == EXAMPLES[5]  # the undone one is in no pool
    assert loop.counts.elsewhere == 0


def test_what_was_displaced_by_an_undo_and_left_the_pool_is_not_shown_again() -> None:
    loop, workspace, _ = ranked()
    loop.decide(LABEL, Answer("A"))
    loop.undo()
    loop.take_in(workspace.with_pool([EXAMPLES[0], *EXAMPLES[6:]]))
    loop.redo()
    assert loop.shown is None or loop.shown.example != EXAMPLES[5]


def test_a_finished_pool_that_has_grown_goes_on_with_what_came() -> None:
    loop, workspace, engine = begin(StoredWorkspace(EXAMPLES[:1]))
    loop.hear(engine.rank(pick=PICKS[0], complete=True))
    loop.decide(LABEL, Answer("A"))
    loop.hear(engine.rank(complete=True))
    assert loop.waiting is Waiting.FINISHED
    loop.take_in(workspace.with_pool(EXAMPLES[:3]))
    assert loop.waiting is not Waiting.FINISHED
    assert not loop.is_settled
    loop.hear(engine.rank(pick=PICKS[2]))
    assert loop.shown == Shown(EXAMPLES[2], PICKS[2])


def test_without_an_engine_what_came_is_drawn() -> None:
    loop, workspace, _ = ranked()
    loop.hear(EngineFailed("The model is too big.", "Take a smaller one."))
    for _ in EXAMPLES:
        loop.decide(SKIP)
    assert loop.waiting is Waiting.FINISHED
    loop.take_in(workspace.with_pool(pool(9)))
    assert loop.shown is not None and loop.shown.example == pool(9)[8]


def test_the_counts_reconcile() -> None:
    loop, workspace, _ = ranked(StoredWorkspace(EXAMPLES, removed=(example(99),)))
    removed = Decision(example(99).id, LABEL, Answer("A"))
    workspace.session.record(removed, pick=None, seconds=None, looked=False, panel=None)
    loop.decide(LABEL, Answer("A"))
    loop.decide(SKIP)
    counts = loop.counts
    assert (counts.pool, counts.labelled, counts.skipped, counts.left) == (8, 1, 1, 6)
    assert counts.n_labels == 2


def test_the_model_and_the_paint_are_kept() -> None:
    loop, workspace, _ = ranked()
    loop.hear(READY)
    loop.painted()
    assert workspace.ready == IDENTITY
    assert workspace.session.shown() == (EXAMPLES[0].id, PICKS[0], False)


def questions(engine: FakeEngine) -> list[Explain]:
    return [request for request in engine.requests if isinstance(request, Explain)]


def test_each_example_shown_is_explained_unasked_and_the_panel_kept_with_its_label() -> None:
    loop, workspace, engine = ranked()
    first = EXAMPLES[0].id
    assert [one.example_id for one in questions(engine)] == [first]
    loop.hear(Explained(EXAMPLES[3].id, explanation(EXAMPLES[3].id)))
    assert loop.questions.explanation is None
    loop.hear(Explained(first, explanation(first)))
    assert loop.questions.explanation == explanation(first)
    loop.decide(LABEL, Answer("A"))
    assert workspace.panels == {first: explanation(first)}
    assert loop.questions.explanation is None
    assert [one.example_id for one in questions(engine)] == [first, EXAMPLES[5].id]


def test_a_panel_that_comes_after_the_label_is_kept_with_it() -> None:
    loop, workspace, _ = ranked()
    loop.decide(LABEL, Answer("A"))
    loop.decide(SKIP)
    late = [explanation(EXAMPLES[row].id) for row in (0, 5)]
    for one in late:
        loop.hear(Explained(one.example_id, one))
    assert workspace.panels == {EXAMPLES[0].id: late[0]}


def test_an_example_not_scanned_yet_is_asked_for_again() -> None:
    loop, _, engine = ranked()
    loop.hear(Explained(EXAMPLES[0].id, None))
    loop.hear(engine.rank(after_label=PICKS[5]))
    loop.hear(engine.rank(after_label=PICKS[5]))
    assert [one.example_id for one in questions(engine)] == [EXAMPLES[0].id] * 2


def test_what_she_looked_at_is_recorded() -> None:
    loop, workspace, _ = ranked()
    assert not loop.has_looked
    assert loop.look() == PICKS[0]
    assert loop.has_looked
    loop.decide(LABEL, Answer("A"))
    assert workspace.looked == {EXAMPLES[0].id}
    assert not loop.has_looked
    assert loop.done is not None and loop.done.pick == PICKS[0]
    loop.decide(LABEL, Answer("A"))
    loop.undo()  # the answer was shown to her with her own
    assert loop.has_looked
    assert loop.done is None


def test_a_restart_does_not_forget_that_she_looked() -> None:
    loop, workspace, _ = ranked()
    loop.look()
    again, workspace, engine = begin(workspace)
    assert again.has_looked
    again.hear(engine.rank(after_label=PICKS[5], queue=PICKS[1:4]))
    again.decide(LABEL, Answer("A"))
    assert workspace.looked == {EXAMPLES[0].id}
    again.undo()
    again.painted()
    assert begin(workspace)[0].has_looked


def test_a_skip_shows_nothing_of_the_answer() -> None:
    loop, _, _ = ranked()
    loop.decide(SKIP)
    assert loop.done is None
    loop.undo()
    assert not loop.has_looked


def test_auto_chooses_the_signal_by_the_labels_before_the_last() -> None:
    examples = pool(60)
    workspace = StoredWorkspace(examples)
    workspace.selection = SelectionSettings(difficulty="auto")
    loop, _, engine = begin(workspace)
    for row in range(40):
        known = dict.fromkeys(SIGNALS, 0.0) | {"entropy": float(row % 2)}
        shown = replace(pick(examples[row]), difficulty=known)
        loop.hear(engine.rank(pick=shown))
        loop.decide(LABEL, Answer(LABELS[row % 2].name))
        focus = engine.focus
        before, after = workspace.session.decided()[:-1], workspace.session.decided()
        assert focus.signal == signal_for("auto", before)
        assert focus.signal_after == signal_for("auto", after)
    assert engine.focus.signal == "entropy"
