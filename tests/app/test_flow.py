"""What comes next, whatever the engine does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.app.flow import Flow
from neufs_tui.app.picture import Waiting
from neufs_tui.app.status import EngineState
from neufs_tui.core.records import Decision, DecisionKind, Label
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
from neufs_tui.statistics.track_record import signal_for
from tests.app.fakes import (
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


def begin(workspace: StoredWorkspace | None = None) -> tuple[Flow, StoredWorkspace, FakeEngine]:
    workspace = workspace or StoredWorkspace(EXAMPLES, labels=(Label("A"), Label("B")))
    engine, flow = FakeEngine(), Flow(workspace)
    flow.connect(engine.send)
    return flow, workspace, engine


def ranked(workspace: StoredWorkspace | None = None) -> tuple[Flow, StoredWorkspace, FakeEngine]:
    """The first example shown, with a fresh ranking of what may follow."""
    flow, workspace, engine = begin(workspace)
    flow.hear(engine.rank(pick=PICKS[0], queue=PICKS[1:4]))
    flow.hear(engine.rank(after_label=PICKS[5], after_skip=PICKS[6], queue=PICKS[1:4]))
    return flow, workspace, engine


def shown_row(flow: Flow) -> int | None:
    return flow.shown.example.row if flow.shown else None


def test_nothing_is_shown_until_the_engine_chose() -> None:
    flow, _, engine = begin()
    assert flow.waiting is Waiting.LOADING
    assert engine.focus == Focus(0, (), None)
    flow.hear(ScanProgressed(4, 8, 1.0, 4.0))
    assert flow.waiting is Waiting.CHOOSING
    flow.hear(engine.rank(pick=PICKS[2]))
    assert shown_row(flow) == 2
    assert engine.focus == Focus(0, (), EXAMPLES[2].id)


@pytest.mark.parametrize(("kind", "label", "row"), [(LABEL, "A", 5), (SKIP, None, 6)])
def test_a_fresh_ranking_says_what_follows(kind: DecisionKind, label: str | None, row: int) -> None:
    flow, workspace, engine = ranked()
    decision = Decision(EXAMPLES[0].id, kind, label)
    assert flow.decide(kind, label, seconds=1.5) == decision
    assert workspace.done == [decision]
    assert workspace.picks[EXAMPLES[0].id] == PICKS[0]
    assert workspace.seconds == [1.5]
    assert shown_row(flow) == row
    assert engine.focus == Focus(1, (decision,), EXAMPLES[row].id)


def test_an_old_ranking_lends_its_queue() -> None:
    flow, _, _ = ranked()
    flow.decide(LABEL, "A")
    flow.decide(LABEL, "A")
    assert shown_row(flow) == 1


def test_keys_faster_than_the_engine_follow_what_it_looked_ahead() -> None:
    flow, _, engine = ranked()
    ahead = {"after_label": PICKS[5], "further_after_label": (PICKS[7], PICKS[3])}
    flow.hear(engine.rank(**ahead, queue=PICKS[1:3]))
    seen = []
    for kind in (LABEL, SKIP, SKIP, SKIP):
        flow.decide(kind, "A" if kind is LABEL else None)
        seen.append(shown_row(flow))
    assert seen == [5, 7, 3, 1]
    flow.hear(engine.rank(after_label=PICKS[6], queue=PICKS[2:3]))
    flow.decide(LABEL, "A")
    assert shown_row(flow) == 6


def test_a_ranking_that_comes_after_its_example_was_decided_is_followed_all_the_same() -> None:
    flow, _, engine = ranked()
    flow.decide(LABEL, "A")
    late = engine.rank(
        after_label=PICKS[2], further_after_label=(PICKS[4], PICKS[3]), queue=PICKS[1:2]
    )
    flow.decide(LABEL, "B")
    assert shown_row(flow) == 1  # by the ranking from before both labels
    flow.hear(late)
    assert shown_row(flow) == 1
    seen = []
    for kind in (SKIP, LABEL, SKIP):
        flow.decide(kind, "A" if kind is LABEL else None)
        seen.append(shown_row(flow))
    assert seen == [2, 4, 3]


def test_after_an_undo_nothing_is_followed_that_knew_the_label() -> None:
    flow, _, engine = ranked()
    flow.decide(LABEL, "A")
    late = engine.rank(after_label=PICKS[2], queue=PICKS[1:2])
    flow.decide(LABEL, "B")
    flow.undo()
    flow.hear(late)
    flow.decide(SKIP)
    assert shown_row(flow) != 2


def test_a_ranking_never_changes_what_is_on_the_screen() -> None:
    flow, _, engine = ranked()
    flow.hear(engine.rank(pick=PICKS[7], after_label=PICKS[7]))
    assert shown_row(flow) == 0


def test_a_late_ranking_does_not_replace_a_newer_one() -> None:
    flow, _, engine = ranked()
    late = engine.rank(queue=PICKS[6:7])
    flow.decide(SKIP)
    flow.hear(engine.rank(after_label=PICKS[3], queue=PICKS[4:5]))
    flow.hear(late)
    flow.decide(LABEL, "A")
    assert shown_row(flow) == 3


def test_a_late_ranking_does_not_fill_an_empty_screen() -> None:
    flow, _, engine = begin()
    flow.hear(engine.rank(pick=PICKS[0]))
    late = engine.rank(pick=PICKS[0])
    flow.decide(LABEL, "A")
    flow.hear(late)
    assert flow.waiting is Waiting.CHOOSING
    flow.hear(engine.rank(pick=PICKS[4]))
    assert shown_row(flow) == 4


def test_what_is_decided_is_never_proposed_again() -> None:
    flow, _, engine = ranked()
    flow.decide(LABEL, "A")
    flow.hear(engine.rank(after_label=PICKS[0], queue=(PICKS[0], PICKS[5], PICKS[2])))
    flow.decide(LABEL, "A")
    assert shown_row(flow) == 2


def test_a_label_that_cannot_be_stored_moves_nothing() -> None:
    flow, workspace, engine = ranked()
    workspace.full = True
    before = list(engine.requests)
    with pytest.raises(SessionError):
        flow.decide(LABEL, "A")
    assert shown_row(flow) == 0
    assert engine.requests == before


def test_undo_shows_each_example_again_with_its_reason_and_redo_goes_back() -> None:
    flow, _, _ = ranked()
    for _ in range(3):
        flow.decide(LABEL, "A")
    rows = [shown_row(flow)]
    for _ in range(3):
        assert flow.undo() is not None
        rows.append(shown_row(flow))
    assert rows == [2, 1, 5, 0]
    assert flow.shown is not None
    assert flow.shown.pick == PICKS[0]
    for row in (5, 1, 2):
        assert flow.redo() is not None
        assert shown_row(flow) == row
    assert flow.counts.labelled == 3


def test_what_was_reread_with_labels_undone_since_is_not_known_any_more() -> None:
    flow, workspace, engine = ranked()
    flow.decide(LABEL, "A")
    flow.decide(LABEL, "A")
    before = Rescored(2, 2, 3, 6, revision=workspace.revision())
    flow.hear(before)
    assert flow.heard.rescored == before
    flow.undo()
    assert flow.heard.rescored is None
    flow.hear(before)  # on its way when she undid
    assert flow.heard.rescored is None
    flow.decide(LABEL, "B")
    flow.hear(replace(before, revision=workspace.revision() - 1))
    assert flow.heard.rescored is not None and flow.heard.rescored.n_labels == 2
    flow.undo()
    flow.redo()
    assert flow.heard.rescored is None
    assert engine.focus.revision == workspace.revision()


def test_there_may_be_nothing_to_undo_or_redo() -> None:
    flow, _, _ = ranked()
    assert flow.undo() is None
    assert flow.redo() is None
    assert shown_row(flow) == 0


def test_undo_of_a_removed_row_leaves_the_screen_alone() -> None:
    flow, workspace, _ = ranked(StoredWorkspace(EXAMPLES, removed=(example(99),)))
    gone = Decision(example(99).id, LABEL, "A")
    workspace.record(gone, pick=None, seconds=None, looked=False, panel=None)
    assert flow.undo() == gone
    assert shown_row(flow) == 0


def test_a_restart_shows_the_same_example_before_the_engine_is_up() -> None:
    workspace = StoredWorkspace(EXAMPLES)
    workspace.set_shown(EXAMPLES[3].id, PICKS[3])
    flow, _, engine = begin(workspace)
    assert flow.shown is not None
    assert flow.shown.pick == PICKS[3]
    assert engine.focus.shown == EXAMPLES[3].id
    flow.decide(LABEL, "A")
    assert flow.waiting is Waiting.LOADING


def test_when_the_engine_dies_the_queue_goes_on_then_file_order() -> None:
    flow, _, _ = ranked()
    flow.hear(EngineDied("killed", restarting=True))
    assert flow.heard.engine is EngineState.RESTARTING
    rows = []
    for _ in range(7):
        flow.decide(SKIP)
        rows.append(shown_row(flow))
    assert rows[:4] == [6, 1, 2, 3]
    assert sorted(r for r in rows if r is not None) == [1, 2, 3, 4, 5, 6, 7]
    assert flow.decide(SKIP) is not None
    assert flow.waiting is Waiting.FINISHED


def test_a_waiting_screen_is_filled_when_the_engine_dies() -> None:
    flow, _, engine = begin()
    flow.hear(engine.rank(pick=PICKS[0]))
    flow.decide(LABEL, "A")
    assert flow.waiting is Waiting.CHOOSING
    flow.hear(EngineDied("killed", restarting=True))
    assert shown_row(flow) == 1
    assert flow.shown is not None
    assert flow.shown.pick is None
    assert engine.focus.shown == EXAMPLES[1].id


def test_a_model_that_cannot_load_waits_for_her_word() -> None:
    flow, _, engine = begin()
    flow.hear(Stage("libraries", "loading libraries"))
    flow.hear(EngineFailed("No such model.", ""))
    assert flow.waiting is Waiting.FAILED
    flow.label_in_file_order()
    assert shown_row(flow) == 0
    n_sent = len(engine.requests)
    flow.decide(LABEL, "A")
    assert shown_row(flow) == 1
    assert len(engine.requests) == n_sent


def test_an_engine_out_of_memory_is_awaited_again() -> None:
    flow, _, engine = begin()
    flow.hear(EngineFailed("Out of memory.", "", out_of_memory=True))
    assert flow.heard.engine is EngineState.RESTARTING
    assert flow.waiting is Waiting.LOADING
    flow.hear(engine.rank(pick=PICKS[0]))
    assert flow.heard.engine is EngineState.RUNNING


def test_when_all_that_is_scanned_is_decided_the_scan_is_awaited() -> None:
    flow, _, engine = begin()
    flow.hear(engine.rank(pick=None))
    assert flow.waiting is Waiting.SCANNING
    flow.hear(engine.rank(pick=PICKS[1]))
    assert shown_row(flow) == 1


def test_a_complete_ranking_with_nothing_left_hands_over_to_file_order() -> None:
    flow, _, engine = begin()
    flow.hear(engine.rank(pick=None, complete=True))
    assert shown_row(flow) == 0


def test_the_counts_reconcile() -> None:
    flow, workspace, _ = ranked(StoredWorkspace(EXAMPLES, removed=(example(99),)))
    removed = Decision(example(99).id, LABEL, "A")
    workspace.record(removed, pick=None, seconds=None, looked=False, panel=None)
    flow.decide(LABEL, "A")
    flow.decide(SKIP)
    counts = flow.counts
    assert (counts.pool, counts.labelled, counts.skipped, counts.left) == (8, 1, 1, 6)
    assert counts.n_labels == 2


def test_the_model_and_the_paint_are_kept() -> None:
    flow, workspace, _ = ranked()
    flow.hear(READY)
    flow.painted()
    assert workspace.ready == IDENTITY
    assert workspace.shown() == (EXAMPLES[0].id, PICKS[0], False)


def questions(engine: FakeEngine) -> list[Explain]:
    return [request for request in engine.requests if isinstance(request, Explain)]


def test_each_example_shown_is_explained_unasked_and_the_panel_kept_with_its_label() -> None:
    flow, workspace, engine = ranked()
    first = EXAMPLES[0].id
    assert [one.example_id for one in questions(engine)] == [first]
    flow.hear(Explained(EXAMPLES[3].id, explanation(EXAMPLES[3].id)))
    assert flow.explanation is None
    flow.hear(Explained(first, explanation(first)))
    assert flow.explanation == explanation(first)
    flow.decide(LABEL, "A")
    assert workspace.panels == {first: explanation(first)}
    assert flow.explanation is None
    assert [one.example_id for one in questions(engine)] == [first, EXAMPLES[5].id]


def test_a_panel_that_comes_after_the_label_is_kept_with_it() -> None:
    flow, workspace, _ = ranked()
    flow.decide(LABEL, "A")
    flow.decide(SKIP)
    late = [explanation(EXAMPLES[row].id) for row in (0, 5)]
    for one in late:
        flow.hear(Explained(one.example_id, one))
    assert workspace.panels == {EXAMPLES[0].id: late[0]}


def test_an_example_not_scanned_yet_is_asked_for_again() -> None:
    flow, _, engine = ranked()
    flow.hear(Explained(EXAMPLES[0].id, None))
    flow.hear(engine.rank(after_label=PICKS[5]))
    flow.hear(engine.rank(after_label=PICKS[5]))
    assert [one.example_id for one in questions(engine)] == [EXAMPLES[0].id] * 2


def test_what_she_looked_at_is_recorded() -> None:
    flow, workspace, _ = ranked()
    assert not flow.has_looked
    assert flow.look() == PICKS[0]
    assert flow.has_looked
    flow.decide(LABEL, "A")
    assert workspace.looked == {EXAMPLES[0].id}
    assert not flow.has_looked
    assert flow.done is not None and flow.done.pick == PICKS[0]
    flow.decide(LABEL, "A")
    flow.undo()  # the answer was shown to her with her own
    assert flow.has_looked
    assert flow.done is None


def test_a_restart_does_not_forget_that_she_looked() -> None:
    flow, workspace, _ = ranked()
    flow.look()
    again, workspace, engine = begin(workspace)
    assert again.has_looked
    again.hear(engine.rank(after_label=PICKS[5], queue=PICKS[1:4]))
    again.decide(LABEL, "A")
    assert workspace.looked == {EXAMPLES[0].id}
    again.undo()
    again.painted()
    assert begin(workspace)[0].has_looked


def test_a_skip_shows_nothing_of_the_answer() -> None:
    flow, _, _ = ranked()
    flow.decide(SKIP)
    assert flow.done is None
    flow.undo()
    assert not flow.has_looked


def test_auto_chooses_the_signal_by_the_labels_before_the_last() -> None:
    examples = pool(60)
    workspace = StoredWorkspace(examples)
    workspace.selection = SelectionSettings(difficulty="auto")
    flow, _, engine = begin(workspace)
    for row in range(40):
        known = dict.fromkeys(SIGNALS, 0.0) | {"entropy": float(row % 2)}
        shown = replace(pick(examples[row]), difficulty=known)
        flow.hear(engine.rank(pick=shown))
        flow.decide(LABEL, LABELS[row % 2].name)
        focus = engine.focus
        before, after = workspace.labelled()[:-1], workspace.labelled()
        assert focus.signal == signal_for("auto", before)
        assert focus.signal_after == signal_for("auto", after)
    assert engine.focus.signal == "entropy"
