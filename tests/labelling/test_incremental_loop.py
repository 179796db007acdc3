"""The loop of screen, journal and ranking: what comes next is a function of the events alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.check_set import as_unlabelled
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.core.settings import DifficultyName
from neufs_tui.engine.protocol import Focus, Ranked, Request
from neufs_tui.engine.ranking import Ranker
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.project.project import Project, open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.selection.baselines import Random
from neufs_tui.selection.incremental import Neufs
from neufs_tui.wording.reasons import why_shown
from tests.captures import random_capture
from tests.engine.test_scanning import config
from tests.engine.test_scanning import pool as examples_of
from tests.models import load_tiny
from tests.pools import write_rows

N = 24
STEPS = st.lists(
    st.sampled_from(
        [
            *("a", "b", "a", "b", "skip", "undo", "undo", "redo", "restart"),
            *("change first", "change all", "flag first", "flag shown", "note", "offer"),
        ]
    ),
    max_size=30,
)


class Loop:
    """A screen, its session on disk and an engine that answers at once."""

    def __init__(
        self, folder: Path, difficulty: DifficultyName = "margin", strategy: str | None = None
    ) -> None:
        self._path = write_rows(folder / "pool.jsonl", ({"text": f"text {n}"} for n in range(N)))
        self._difficulty = difficulty
        self.start(strategy)

    def start(self, strategy: str | None = None) -> None:
        request = ProjectRequest(
            str(self._path),
            labels=("a", "b"),
            shots=5,
            difficulty=self._difficulty,
            strategy=strategy,
        )
        self.project: Project = read_project(request)
        self.captures = {one.id: random_capture(one.row) for one in self.project.pool.examples}
        session = open_session(self.project)
        self.workspace = Workspace(self.project, session)
        self.ranker = self.fresh_ranker()
        self.flow = LabellingLoop(self.workspace)
        self.flow.connect(self.send)

    def fresh_ranker(self) -> Ranker:
        ranker = Ranker(
            self.project.pool.examples, self.project.require_task(), self.project.selection
        )
        ranker.observe(self.captures, complete=True)
        return ranker

    def send(self, request: Request) -> None:
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
                self.start()
            case "skip":
                self.flow.decide(DecisionKind.SKIP)
            case "change first" | "change all":
                decided = [one.example_id for one in self.flow.position.decisions]
                some = decided[:1] if step == "change first" else decided
                self.flow.change(dict.fromkeys(some, Answer("b")))
            case "flag first" | "flag shown" | "note" if self.flow.shown is not None:
                shown = self.flow.shown.example.id
                if step == "note":
                    self.flow.note(shown, f"note {self.flow.position.revision}")
                elif step == "flag shown":
                    self.flow.flag(shown)
                elif self.flow.position.decisions:
                    self.flow.flag(self.flow.position.decisions[0].example_id)
            case "flag first" | "flag shown" | "note":
                pass
            case "offer":
                self.flow.offer_skipped()
            case label:
                self.flow.decide(DecisionKind.LABEL, Answer(label))


def jaccard(one: set[int], other: set[int]) -> float:
    return 1 - len(one & other) / len(one | other)


@pytest.mark.parametrize("difficulty", ["margin", "auto"])
@given(steps=STEPS)
@settings(deadline=None, max_examples=25)
def test_any_way_to_the_same_decisions_leads_to_the_same_place(
    tmp_path_factory: pytest.TempPathFactory, difficulty: DifficultyName, steps: list[str]
) -> None:
    loop = Loop(tmp_path_factory.mktemp("loop"), difficulty)
    for step in steps:
        loop.take(step)
        decisions = as_unlabelled(loop.workspace.session.decisions())
        shown = loop.flow.shown
        here = Focus(
            loop.workspace.session.revision(),
            decisions,
            shown.example.id if shown else None,
            loop.focus.signal,
            loop.focus.signal_after,
            shown_is_passed_over=bool(shown)
            and shown.example.id in loop.workspace.session.flagged(),
        )
        assert loop.focus == here
        assert loop.ranker.answer(here) == loop.fresh_ranker().answer(here)
        if shown is not None and step in ("a", "b", "skip"):
            nothing_shown = Focus(here.revision, decisions, None, here.signal)
            afresh = loop.fresh_ranker().answer(nothing_shown).pick
            assert afresh is not None and shown.example.id == afresh.example_id
            assert shown.pick == afresh
    check_geometry(loop)
    loop.workspace.session.close()


def test_a_session_goes_on_by_the_strategy_it_was_begun_with(tmp_path: Path) -> None:
    loop = Loop(tmp_path, strategy="random")
    state = loop.ranker._state((), "margin")
    shuffled = [state.ids[choice.place] for choice in Random().query(state, N)]
    asked = []
    for number in range(N):
        shown = loop.flow.shown
        assert shown is not None
        assert why_shown(loop.flow) == "Next of a fixed shuffle (seed 0)."
        asked.append(shown.example.id)
        loop.take("skip" if number % 3 == 2 else "a")
        loop.take("restart")  # without naming it again
    assert asked == shuffled
    assert loop.workspace.selection.strategy == "random"
    kept = [one.pick.reason for one in loop.workspace.session.decided() if one.pick]
    assert {one.strategy for one in kept if one is not None} == {"random"}
    loop.workspace.session.close()


def check_geometry(loop: Loop) -> None:
    """Coverage, distances, medoids and candidates, computed the slow way from the decisions."""
    sets = {one: set(found.neurons.tolist()) for one, found in loop.captures.items()}
    decisions = as_unlabelled(loop.workspace.session.decisions())
    labelled = [one.example_id for one in decisions if one.kind is DecisionKind.LABEL]
    decided = {one.example_id for one in decisions}
    state = loop.ranker._state(decisions, loop.focus.signal)
    assert loop.ranker._built is not None
    pool, strategy = loop.ranker._built
    assert isinstance(strategy, Neufs)
    geometry = strategy.geometry(state)
    covered: set[int] = set()
    gains = {}
    for one in labelled:
        gains[one] = len(sets[one] - covered)
        covered |= sets[one]
    assert loop.ranker.answer(loop.focus).gains == gains
    others = [pool.place_of[one] for one in pool.ids if one not in labelled]
    at_labels = [pool.place_of[one] for one in labelled]
    outside = [pool.sets.gains([*at_labels, place])[-1] for place in others]
    assert outside == [len(sets[pool.ids[place]] - covered) for place in others]
    nearest = [
        min((jaccard(sets[one], sets[other]) for other in labelled), default=1.0)
        for one in pool.ids
    ]
    np.testing.assert_allclose(geometry.label_distances, nearest, atol=1e-12)
    medoids = [pool.ids[place] for place in geometry.clustering.medoids]
    assert medoids[: len(labelled)] == labelled
    again = Neufs().geometry(loop.fresh_ranker()._state(decisions, loop.focus.signal)).clustering
    np.testing.assert_array_equal(geometry.clustering.medoids, again.medoids)
    np.testing.assert_array_equal(geometry.clustering.labels, again.labels)
    own = np.array([[jaccard(sets[one], sets[other]) for other in medoids] for one in pool.ids])
    np.testing.assert_allclose(geometry.clustering.distances, own.min(axis=1), atol=1e-12)
    assert set(loop.ranker.candidates(replace(loop.focus, shown=None))) == set(pool.ids) - decided


def test_the_numbers_that_chose_an_example_are_in_the_journal(tmp_path: Path) -> None:
    loop = Loop(tmp_path, "entropy")
    shown = loop.flow.shown
    assert shown is not None and shown.pick is not None and shown.pick.reason is not None
    loop.take("b")
    (kept,) = loop.workspace.session.decided()
    assert kept.pick == shown.pick
    assert kept.pick.reason is not None and kept.pick.reason.signal == "entropy"
    loop.workspace.session.close()


class Reread:
    """A ranking on a real model, with everything reread behind the labels there are."""

    def __init__(self, loaded: LoadedModel, folder: Path) -> None:
        settings = config(examples_of(16), folder, batch_halvings=4)
        scanner = Scanner(settings, loaded)
        list(scanner.run())
        scanner.close()
        self._rescorer = Rescorer(settings, scanner)
        self._ranker = Ranker(settings.examples, settings.task, settings.selection)
        self._ranker.observe(scanner.captures, complete=True)

    def answer(self, decisions: tuple[Decision, ...], shown: str | None) -> Ranked:
        self._rescorer.follow(decisions)
        focus = Focus(len(decisions), decisions, shown)
        while self._rescorer.step(self._ranker.candidates(focus)):
            pass
        readings, n_shown = self._rescorer.readings, len(self._rescorer.demonstrations)
        self._ranker.refresh(readings, n_demonstrations=n_shown)
        return self._ranker.answer(focus)


def test_rereading_run_to_its_end_gives_the_same_next_example_on_any_way(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    loaded = load_tiny(tmp_path_factory.mktemp("model"), "llama")
    travelled = Reread(loaded, tmp_path / "one")
    first = travelled.answer((), None).pick
    assert first is not None
    shown, decisions = first.example_id, ()
    ways: list[tuple[tuple[Decision, ...], str, Ranked]] = []
    for name in ("yes", "no, not at all", "yes"):
        ranked = travelled.answer(decisions, shown)
        ways.append((decisions, shown, ranked))
        assert ranked.after_label is not None
        decisions = (*decisions, Decision(shown, DecisionKind.LABEL, Answer(name)))
        shown = ranked.after_label.example_id
    for before, on_screen, ranked in reversed(ways):  # undone again
        again = travelled.answer(before, on_screen)
        assert next_ids(again) == next_ids(ranked)
    for number, (before, on_screen, ranked) in enumerate(ways):  # and from nothing
        afresh = Reread(loaded, tmp_path / f"fresh{number}").answer(before, on_screen)
        assert next_ids(afresh) == next_ids(ranked)
    assert ways[-1][2].after_skip is not None
    assert ways[-1][2].after_skip.n_demonstrations == 2


def next_ids(ranked: Ranked) -> tuple[str | None, ...]:
    picks = (ranked.after_label, ranked.after_skip, *ranked.queue)
    return tuple(pick.example_id if pick else None for pick in picks)
