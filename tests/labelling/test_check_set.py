"""The check set in the loop: mixed in unannounced, and no label to anybody who chooses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.check_readings import CheckReading, ChecksRead, digests
from neufs_tui.core.check_set import as_unlabelled
from neufs_tui.core.draws import Draws, drawn
from neufs_tui.core.records import Answer, DecisionKind, ExampleId
from neufs_tui.engine.protocol import (
    EngineFailed,
    Focus,
    Ranked,
)
from neufs_tui.engine.ranking import Ranker
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.progress import checks, newest_check, progress
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.statistics.check_set import Right
from neufs_tui.wording.reasons import facts, why_shown
from neufs_tui.wording.status import status_lines
from tests.captures import random_capture
from tests.fakes import LABELS, READY, FakeEngine, StoredWorkspace, pick, pool
from tests.pools import write_rows

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP
N, N_CHECKS = 30, 6
STEPS = st.lists(
    st.sampled_from(["a", "b", "a", "b", "skip", "undo", "undo", "redo", "restart"]), max_size=30
)


class Loop:
    """A screen, its session on disk and an engine that answers at once."""

    def __init__(self, folder: Path, *, check: int = N_CHECKS, seed: int = 0) -> None:
        self._path = write_rows(folder / "pool.jsonl", ({"text": f"text {n}"} for n in range(N)))
        self._seed = seed
        self.start(check)

    def start(
        self,
        check: int | None = None,
        *,
        labels: tuple[str, ...] = ("a", "b"),
        model: str | None = None,
    ) -> None:
        request = ProjectRequest(
            str(self._path), labels=labels, shots=5, seed=self._seed, check=check, model=model
        )
        project = read_project(request)
        self.workspace = Workspace(project, open_session(project))
        self.ranker = Ranker(project.pool.examples, project.require_task(), project.selection)
        captures = {one.id: random_capture(one.row) for one in project.pool.examples}
        self.ranker.observe(captures, complete=True)
        self.flow = LabellingLoop(self.workspace)
        self.flow.begin()
        self.flow.connect(self.send)

    def send(self, request: object) -> None:
        if isinstance(request, Focus):
            self.focus = request
            self.flow.hear(self.ranker.answer(request))

    def take(self, step: str) -> None:
        match step:
            case "undo":
                self.flow.undo()
            case "redo":
                self.flow.redo()
            case "restart":
                self.flow.painted()
                self.workspace.session.close()
                self.start()  # without saying again how many
            case "skip":
                self.flow.decide(SKIP)
            case label:
                self.flow.decide(LABEL, Answer(label))

    @property
    def shown(self) -> ExampleId:
        assert self.flow.shown is not None
        return self.flow.shown.example.id

    @property
    def is_check(self) -> bool:
        assert self.flow.shown is not None and self.flow.shown.pick is not None
        return self.flow.shown.pick.is_check


@pytest.mark.parametrize("seed", range(6))
def test_of_the_first_queries_half_are_the_next_of_a_shuffle(tmp_path: Path, seed: int) -> None:
    loop = Loop(tmp_path, seed=seed)
    asked = []
    for _ in range(2 * N_CHECKS + 4):
        asked.append((loop.shown, loop.is_check))
        loop.take("a")
    checks = [one for one, is_check in asked if is_check]
    draws = Draws(loop.workspace.examples, seed, checks=True).next((), N_CHECKS)
    assert checks == [one.example_id for one in draws]
    assert all(not is_check for _, is_check in asked[2 * N_CHECKS :])
    decisions = loop.workspace.session.decisions()
    assert [one.example_id for one in decisions if one.check] == checks
    assert loop.flow.counts.n_labels == len(asked) - N_CHECKS
    loop.workspace.session.close()


@given(steps=STEPS, seed=st.integers(0, 50))
@settings(deadline=None, max_examples=40)
def test_undo_redo_and_restart_change_neither_which_queries_nor_which_examples(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int
) -> None:
    """By the decisions that hold alone: whoever takes them straight is shown the same."""
    folder = tmp_path_factory.mktemp("loop")
    loop = Loop(folder, seed=seed)
    for step in steps:
        loop.take(step)
    (folder / "straight").mkdir()
    straight = Loop(folder / "straight", seed=seed)
    for decision in loop.workspace.session.decisions():
        assert straight.shown == decision.example_id
        assert straight.is_check == decision.check
        straight.take("skip" if decision.answer is None else decision.answer.text)
    if loop.workspace.session.decisions() or not steps:
        assert (loop.shown, loop.is_check) == (straight.shown, straight.is_check)
    assert loop.focus.decisions == straight.focus.decisions
    assert loop.focus.held == straight.focus.held
    for one in (loop, straight):
        one.workspace.session.close()


def test_the_engine_is_told_what_is_held_and_never_a_check_label(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    for number in range(2 * N_CHECKS):
        decisions = loop.workspace.session.decisions()
        assert loop.focus.decisions == as_unlabelled(decisions)
        assert loop.focus.shown_is_passed_over == loop.is_check
        n_checked = sum(one.check for one in decisions)
        assert len(loop.focus.held) == N_CHECKS - n_checked - loop.is_check
        ranked = loop.ranker.answer(loop.focus)
        picks = (*ranked.queue, ranked.after_label, ranked.after_skip)
        assert {one.example_id for one in picks if one}.isdisjoint(loop.focus.held)
        if loop.is_check:
            assert ranked.after_label == ranked.after_skip
        loop.take("ab"[number % 2])
    shots = [one.example.id for one in loop.workspace.session.decided()]
    assert set(loop.ranker.answer(loop.focus).gains) == set(shots)
    assert len(progress(loop.flow).points) == len(shots) == N_CHECKS
    loop.workspace.session.close()


def test_what_is_said_of_an_example_does_not_tell_how_it_came(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    kinds = set()
    while not loop.flow.tells_why:
        assert loop.flow.shown is not None
        pick = loop.flow.shown.pick
        assert why_shown(loop.flow) == facts(pick)
        if loop.workspace.session.decisions():
            assert "two likeliest labels" in why_shown(loop.flow)
        kinds.add(loop.is_check)
        loop.take("a")
    assert kinds == {True, False}
    assert "group" in why_shown(loop.flow) or "Stands for" in why_shown(loop.flow)
    loop.workspace.session.close()


def fake(check: int, n: int = 20) -> tuple[LabellingLoop, StoredWorkspace, FakeEngine]:
    workspace = StoredWorkspace(pool(n), check=check)
    engine, loop = FakeEngine(), LabellingLoop(workspace)
    loop.connect(engine.send)
    loop.begin()
    return loop, workspace, engine


def test_draws_before_the_first_ranking_are_check_examples_up_to_n() -> None:
    loop, workspace, _ = fake(check=3)
    for _ in range(5):
        loop.decide(LABEL, Answer(LABELS[0].name))
    assert [one.check for one in workspace.done] == [True] * 3 + [False] * 2
    reasons = [workspace.picks[one.example_id] for one in workspace.done]
    assert [one.reason.strategy for one in reasons if one and one.reason] == [
        *["check"] * 3,
        *["draw"] * 2,
    ]
    assert loop.tells_why


def test_an_engine_that_is_off_leaves_the_check_set_as_it_is() -> None:
    loop, workspace, _ = fake(check=2)
    loop.hear(EngineFailed("no", ""))
    for _ in range(3):
        loop.decide(LABEL, Answer(LABELS[0].name))
    assert [one.check for one in workspace.done] == [True, True, False]


def test_what_was_a_check_example_once_is_one_under_every_later_label() -> None:
    loop, workspace, _ = fake(check=2)
    first = loop.shown_id
    assert first is not None
    loop.decide(LABEL, Answer(LABELS[0].name))
    loop.decide(LABEL, Answer(LABELS[1].name), example_id=first)
    assert [one.check for one in workspace.done] == [True]
    loop.undo()
    loop.undo()
    assert loop.shown_id == first
    loop.decide(LABEL, Answer(LABELS[1].name))
    assert [one.check for one in workspace.done] == [True]


def test_a_script_waits_for_the_model_on_a_check_example_as_on_any_other() -> None:
    workspace = StoredWorkspace(pool(20), check=10)
    engine, loop = FakeEngine(), LabellingLoop(workspace, waits=True)
    loop.connect(engine.send)
    while not loop.position.is_check_due:
        (other,) = workspace.draws.next(loop.position.decided)
        loop.decide(SKIP, example_id=other.example_id)
    due = engine.focus.held[0]
    assert loop.shown is None
    known = pick(workspace.examples[due], why=drawn(due, 0, check=True).reason)
    held = Ranked(engine.focus.revision, None, None, None, None, (), True, held=(known,))
    loop.hear(held)
    assert loop.shown is not None and loop.shown.pick == known


def read(loop: LabellingLoop, n_right: int, *, n_labels: int) -> ChecksRead:
    names = tuple(label.name for label in LABELS)
    rows = [one.example_id for one in loop.position.decisions if one.check]
    right, wrong = (0.0, -1.0), (-1.0, 0.0)
    *_, behind = digests(loop.position.decisions, loop.workspace.examples)
    return ChecksRead(
        behind.hexdigest(),
        n_labels,
        n_labels,
        names,
        tuple(
            CheckReading(one, wrong, right if place < n_right else wrong)
            for place, one in enumerate(rows)
        ),
    )


def test_figures_are_kept_with_the_labels_they_were_read_with() -> None:
    loop, _, _ = fake(check=4)
    for _ in range(4):
        loop.decide(LABEL, Answer(LABELS[0].name))
    for n_labels in (1, 2):
        loop.decide(LABEL, Answer(LABELS[0].name))
        loop.hear(read(loop, n_labels, n_labels=n_labels))
    assert [one.with_labels for one in checks(loop)] == [Right(1, 4), Right(2, 4)]
    late = read(loop, 4, n_labels=2)
    loop.undo()
    assert [one.n_labels for one in checks(loop)] == [1]
    loop.hear(late)  # of labels that do not hold any more
    newest = newest_check(loop)
    assert newest is not None and (newest.n_labels, newest.with_labels) == (1, Right(1, 4))


def test_a_label_given_with_the_answer_in_view_measures_nothing() -> None:
    loop, _, _ = fake(check=4)
    first = loop.shown_id
    loop.decide(LABEL, Answer(LABELS[0].name))
    loop.undo()  # what the model had answered stands on the screen by now
    assert loop.shown_id == first
    loop.decide(LABEL, Answer(LABELS[0].name))
    loop.decide(LABEL, Answer(LABELS[0].name))
    assert len(loop.position.checked) == 1 and loop.counts.checked == 2


def test_figures_of_earlier_runs_hold_as_far_as_their_labels_do(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    loop.flow.hear(READY)
    for step in "ab" * 8:
        loop.take(step)
        loop.flow.hear(read(loop.flow, 3, n_labels=loop.flow.counts.n_labels))
    before = checks(loop.flow)
    assert [one.n_labels for one in before] == [*range(loop.flow.counts.n_labels + 1)]
    loop.take("restart")
    assert "too few to tell" in status_lines(loop.flow, loading="starting").work[0]
    assert checks(loop.flow) == before and newest_check(loop.flow) == before[-1]
    for _ in range(2):
        loop.take("undo")
    assert checks(loop.flow) == before[:-2]
    for _ in range(2):
        loop.take("redo")
    assert checks(loop.flow) == before
    for step in ("undo", "undo", "b", "restart"):
        loop.take(step)
    n_held = loop.flow.counts.n_labels
    assert n_held == len(before) - 2 and checks(loop.flow) == before[:-2]
    loop.flow.hear(READY)
    assert checks(loop.flow) == before[:-2]
    loop.flow.hear(replace(READY, fingerprint="beef"))
    assert checks(loop.flow) == ()
    loop.workspace.session.close()


def test_figures_of_another_model_or_task_are_not_told(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    loop.flow.hear(READY)
    for step in "ababab":
        loop.take(step)
    loop.flow.hear(read(loop.flow, 1, n_labels=loop.flow.counts.n_labels))
    assert len(checks(loop.flow)) == 1
    for changed in ({"model": "another"}, {"labels": ("b", "a")}):
        loop.workspace.session.close()
        loop.start(**changed)
        assert checks(loop.flow) == ()
    loop.workspace.session.close()
    loop.start(model=READY.name)
    assert len(checks(loop.flow)) == 1
    loop.workspace.session.close()


def test_a_reading_that_says_less_does_not_take_the_place_of_one_that_says_more() -> None:
    loop, _, _ = fake(check=4)
    for _ in range(5):
        loop.decide(LABEL, Answer(LABELS[0].name))
    known = read(loop, 3, n_labels=1)
    loop.hear(known)
    loop.hear(replace(known, readings=known.readings[:2]))
    loop.hear(replace(known, n_demonstrations=0))
    assert [one.with_labels for one in checks(loop)] == [Right(3, 4)]
