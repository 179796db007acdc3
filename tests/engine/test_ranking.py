"""The ranker: random draws first, then NeuFS, one step ahead of her either way."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.draws import Draws, draw_reason
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import (
    HUNT,
    Answer,
    Decision,
    DecisionKind,
    Example,
    Label,
    ModelIdentity,
    Pick,
    Task,
    content_hash,
)
from neufs_tui.core.settings import SIGNALS, SelectionSettings, Signal
from neufs_tui.engine import ranking
from neufs_tui.engine.hunting import suggested
from neufs_tui.engine.protocol import Focus, Ranked, Suggest, Suggested
from neufs_tui.engine.ranking import N_AHEAD, QUEUE_LENGTH, Ranker
from neufs_tui.selection.incremental import Neufs
from neufs_tui.selection.registry import STRATEGIES
from tests.captures import random_capture
from tests.pools import examples_of

LABEL, SKIP = DecisionKind.LABEL, DecisionKind.SKIP
TASK = Task(labels=(Label("a"), Label("b")))
SELECTION = SelectionSettings(shots=4, choose_from=10)


def pool(n: int) -> tuple[Example, ...]:
    return examples_of(f"text {number}" for number in range(n))


def captures(examples: tuple[Example, ...]) -> dict[str, Capture]:
    return {example.id: random_capture(example.row) for example in examples}


EXAMPLES = pool(30)
CAPTURES = captures(EXAMPLES)


def ranker(n_scanned: int = 30) -> Ranker:
    one = Ranker(EXAMPLES, TASK, SELECTION)
    scanned = {example.id: CAPTURES[example.id] for example in EXAMPLES[:n_scanned]}
    one.observe(scanned, complete=n_scanned == 30)
    one.finish()
    return one


def label(row: int) -> Decision:
    return Decision(EXAMPLES[row].id, LABEL, Answer("a"))


def test_few_scanned_examples_are_drawn_at_random_as_the_app_draws_them() -> None:
    answer = ranker(6).answer(Focus(1, (label(0),), EXAMPLES[1].id))
    decided = {EXAMPLES[0].id, EXAMPLES[1].id}
    draws = Draws([example.id for example in EXAMPLES[:6]], SELECTION.seed).next(decided, n=9)
    drawn = [pick.example_id for pick in draws]
    assert sorted(drawn) == sorted(e.id for e in EXAMPLES[2:6])
    assert [pick.example_id for pick in answer.queue] == drawn
    assert answer.after_label is not None and answer.after_skip is not None
    assert answer.after_label.example_id == answer.after_skip.example_id == drawn[0]
    assert {pick.reason for pick in answer.queue} == {draw_reason(SELECTION.seed)}
    assert not any(pick.is_ranked for pick in answer.queue)
    assert {pick.answer for pick in answer.queue} <= {*TASK.label_names}
    assert not answer.complete


def test_from_enough_scanned_examples_neufs_chooses_with_reasons() -> None:
    answer = ranker(10).answer(Focus(0, (), None))
    assert answer.pick is not None
    assert answer.pick.reason is not None
    assert answer.pick.n_scanned == 10


def test_a_small_pool_is_chosen_from_once_it_is_wholly_scanned() -> None:
    small = EXAMPLES[:3]
    one = Ranker(small, TASK, SELECTION)
    one.observe(captures(small), complete=True)
    pick = one.answer(Focus(0, (), None)).pick
    assert pick is not None
    assert pick.reason is not None


def test_what_comes_after_a_decision_is_what_a_fresh_ranker_would_show() -> None:
    one = ranker()
    first = one.answer(Focus(0, (), None)).pick
    assert first is not None
    ahead = one.answer(Focus(0, (), first.example_id))
    for kind, foreseen in ((LABEL, ahead.after_label), (SKIP, ahead.after_skip)):
        answer = Answer("a") if kind is LABEL else None
        decision = Decision(first.example_id, kind, answer)
        assert ranker().answer(Focus(1, (decision,), None)).pick == foreseen
    labelled = Decision(first.example_id, LABEL, Answer("a"))
    after = ranker().answer(Focus(1, (labelled,), None))
    assert (ahead.after_label, *ahead.further_after_label) == after.queue[:N_AHEAD]


@given(st.lists(st.tuples(st.integers(0, 29), st.sampled_from([LABEL, SKIP])), max_size=25))
@settings(deadline=None, max_examples=30)
def test_the_answer_depends_on_the_decisions_and_not_on_the_way_there(
    wanted: list[tuple[int, DecisionKind]],
) -> None:
    steps = {row: Decision(EXAMPLES[row].id, kind) for row, kind in wanted}
    decisions = tuple(steps.values())
    travelled = ranker()
    for n in range(len(decisions) + 1):
        travelled.answer(Focus(n, decisions[:n], None))
    for n in range(len(decisions), -1, -1):  # undo all, then redo all
        travelled.answer(Focus(n, decisions[:n], None))
    here = Focus(99, decisions, None)
    assert travelled.answer(here) == ranker().answer(here)


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(st.lists(st.tuples(st.integers(0, 29), st.sampled_from([LABEL, SKIP])), max_size=20))
@settings(deadline=None, max_examples=15)
def test_every_strategy_looks_ahead_to_what_a_fresh_ranker_would_show(
    strategy: str, wanted: list[tuple[int, DecisionKind]]
) -> None:
    decided = {row: Decision(EXAMPLES[row].id, kind) for row, kind in wanted}
    decisions = tuple(decided.values())
    travelled = by(strategy)
    for n in range(len(decisions) + 1):
        before = travelled.answer(Focus(n, decisions[:n], None))
        assert before == by(strategy).answer(Focus(n, decisions[:n], None))
        assert before.pick is not None and before.pick.reason is not None
        assert (before.pick.reason.strategy, before.pick.reason.seed) == (strategy, 2)
        shown = before.pick.example_id
        ahead = travelled.answer(Focus(n, decisions[:n], shown))
        for kind, foreseen in ((LABEL, ahead.after_label), (SKIP, ahead.after_skip)):
            step = (*decisions[:n], Decision(shown, kind))
            assert by(strategy).answer(Focus(n + 1, step, None)).pick == foreseen
        order = [*travelled.candidates(Focus(n, decisions[:n], None))]
        assert order[0] == shown
        assert set(order) == CAPTURES.keys() - {one.example_id for one in decisions[:n]}


def by(strategy: str) -> Ranker:
    one = Ranker(EXAMPLES, TASK, replace(SELECTION, strategy=strategy, seed=2))
    one.observe(CAPTURES, complete=True)
    return one


def test_entropy_says_what_it_compared_and_counts_no_label_in_what_the_scan_read() -> None:
    one = by("entropy")
    decisions = (label(0), label(1))
    reread = {EXAMPLES[row].id: random_capture(1000 + row) for row in range(10, 20)}
    one.refresh(reread, n_demonstrations=2)
    queue = one.answer(Focus(2, decisions, None)).queue
    reasons = [pick.reason for pick in queue if pick.reason is not None]
    assert {pick.example_id for pick in queue} <= reread.keys()
    for pick in queue:
        assert pick.answer == TASK.label_names[reread[pick.example_id].answer]
        assert pick.scan_answer == TASK.label_names[CAPTURES[pick.example_id].answer]
    assert [reason.n_easier for reason in reasons] == list(range(9, 0, -1))
    assert {(one.neighbourhood, one.n_demonstrations, one.signal) for one in reasons} == {
        (10, 2, "entropy")
    }
    one.refresh({}, n_demonstrations=2)
    first = one.answer(Focus(2, decisions, None)).pick
    assert first is not None and first.reason is not None
    assert (first.reason.neighbourhood, first.reason.n_demonstrations) == (28, 0)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_the_reason_counts_truly(tau: float) -> None:
    one = Ranker(EXAMPLES, TASK, replace(SELECTION, tau=tau))
    one.observe(CAPTURES, complete=True)
    labelled = (label(3), label(8))
    picks = one.answer(Focus(2, labelled, None, "count")).queue
    sets = {row: set(CAPTURES[EXAMPLES[row].id].neurons.tolist()) for row in range(30)}
    counts = {row: CAPTURES[EXAMPLES[row].id].neuron_count for row in range(30)}
    state = one._state(labelled, "count")
    clustering = Neufs().geometry(state).clustering
    rows = {example.id: example.row for example in EXAMPLES}
    for pick in picks:
        assert pick.reason is not None
        place = state.ids.index(pick.example_id)
        cluster = clustering.labels[place]
        medoid = sets[rows[state.ids[clustering.medoids[cluster]]]]
        members = [rows[state.ids[at]] for at in clustering.members(int(cluster))]

        def distance(row: int, medoid: set[int] = medoid) -> float:
            return 1 - len(sets[row] & medoid) / len(sets[row] | medoid)

        own = rows[pick.example_id]
        covered = cluster < clustering.n_fixed
        assert pick.reason.neighbourhood == (0 if covered else len(members))
        assert pick.reason.distance == pytest.approx(distance(own))
        farther = sum(distance(row) > distance(own) + 1e-9 for row in members)
        easier = sum(counts[row] < counts[own] for row in members)
        assert pick.reason.n_farther == (0 if covered or tau == 1 else farther)
        assert pick.reason.n_easier == (0 if covered or tau == 0 else easier)
        assert (pick.n_labelled, pick.n_unscanned) == (2, 0)
        assert sum(pick.probabilities.values()) == pytest.approx(1)
        assert tuple(pick.probabilities) == TASK.label_names
        assert pick.answer == max(pick.probabilities, key=pick.probabilities.__getitem__)


def test_a_pick_names_the_model_that_answered() -> None:
    model = ModelIdentity("m", "f00d", "cpu", "float32")
    one = Ranker(EXAMPLES, TASK, SELECTION, model=model)
    one.observe(dict(list(CAPTURES.items())[:4]), complete=False)
    drawn = one.answer(Focus(0, (), None)).queue
    one.observe(CAPTURES, complete=True)
    chosen = one.answer(Focus(0, (), None)).queue
    assert drawn and chosen
    assert {pick.model for pick in (*drawn, *chosen)} == {model}


def test_each_label_gains_what_those_before_it_left_open() -> None:
    labelled = (label(3), label(8), Decision(EXAMPLES[9].id, SKIP), label(4))
    covered: set[int] = set()
    expected = {}
    for row in (3, 8, 4):
        own = set(CAPTURES[EXAMPLES[row].id].neurons.tolist())
        expected[EXAMPLES[row].id] = len(own - covered)
        covered |= own
    assert dict(ranker().answer(Focus(4, labelled, None)).gains) == expected


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_signal_asked_for_decides_inside_a_cluster(signal: Signal) -> None:
    hardest = replace(SELECTION, tau=1.0)
    one = Ranker(EXAMPLES, TASK, hardest)
    one.observe(CAPTURES, complete=True)
    picks = one.answer(Focus(0, (), None, signal)).queue
    assert {pick.reason.signal for pick in picks if pick.reason} == {signal}
    first = picks[0]
    assert first.reason is not None and first.reason.score == 1.0
    assert set(first.difficulty) == set(SIGNALS)
    shown = EXAMPLES[0].id
    other: Signal = "count" if signal == "margin" else "margin"
    ahead = one.answer(Focus(0, (), shown, signal, other)).after_skip
    skipped = (Decision(shown, SKIP),)
    assert ahead == one.answer(Focus(1, skipped, None, other)).pick


def test_the_queue_neither_holds_what_is_shown_nor_what_is_decided() -> None:
    answer = ranker().answer(Focus(1, (label(5),), EXAMPLES[7].id))
    queued = [pick.example_id for pick in answer.queue]
    assert len(queued) == len(set(queued)) == QUEUE_LENGTH + 1
    assert not {EXAMPLES[5].id, EXAMPLES[7].id} & set(queued)


def test_labels_on_examples_not_scanned_yet_do_not_count_as_ranked() -> None:
    removed = Decision(content_hash("no longer in the pool"), LABEL, Answer("a"))
    answer = ranker(12).answer(Focus(4, (label(25), label(2), removed, label(26)), None))
    assert answer.pick is not None
    assert (answer.pick.n_labelled, answer.pick.n_unscanned) == (1, 2)


def test_when_everything_ranked_is_decided_newly_scanned_examples_are_taken_in() -> None:
    one = ranker(10)
    scanned = {example.id: CAPTURES[example.id] for example in EXAMPLES[:11]}
    assert one.observe(scanned, complete=False) is False
    decisions = tuple(label(row) for row in range(10))
    pick = one.answer(Focus(10, decisions, None)).pick
    assert pick is not None
    assert pick.example_id == EXAMPLES[10].id


def test_nothing_is_left_to_show_when_all_is_decided() -> None:
    answer = ranker().answer(Focus(30, tuple(label(row) for row in range(30)), None))
    assert answer.pick is None
    assert answer.queue == ()
    assert answer.complete


def test_on_a_large_scanned_pool_random_draws_come_while_the_strategy_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranking, "_BESIDE_FROM", 12)
    may_end = threading.Event()
    build = ranking.build

    def slow(*given: object, **more: object) -> object:
        may_end.wait()
        return build(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ranking, "build", slow)
    one = Ranker(EXAMPLES, TASK, SELECTION)
    assert not one.observe(CAPTURES, complete=True)
    drawn = one.answer(Focus(0, (), None))
    assert drawn.pick is not None and not drawn.complete
    assert [*one.candidates(Focus(0, (), None))] == []
    may_end.set()
    one.finish()
    assert one.answer(Focus(0, (), None)) == ranker(30).answer(Focus(0, (), None))


def test_a_strategy_that_begins_late_knows_the_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_BESIDE_FROM", 12)
    one = ranker(10)
    focus = Focus(3, tuple(label(row) for row in range(3)), None)
    one.answer(focus)
    one.observe(CAPTURES, complete=True)
    one.finish()
    pool, strategy = one._built  # type: ignore[misc]
    places = tuple(pool.place_of[EXAMPLES[row].id] for row in range(3))
    assert places in strategy._geometries  # type: ignore[attr-defined]
    assert one.answer(focus) == ranker(30).answer(focus)


def test_a_large_geometry_is_made_beside_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "_BESIDE_FROM", 12)
    may_end = threading.Event()
    build = ranking.build

    def slow(*given: object, **more: object) -> object:
        if len(given[0]) >= 12:  # type: ignore[arg-type]
            may_end.wait()
        return build(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ranking, "build", slow)
    one = ranker(10)
    focus = Focus(1, (label(0),), EXAMPLES[1].id)
    assert not one.observe(CAPTURES, complete=True)
    assert one.is_building
    meanwhile = one.answer(focus)
    assert meanwhile.after_label is not None and meanwhile.after_label.n_scanned == 10
    assert not meanwhile.complete
    building = one._building
    may_end.set()
    assert building is not None
    building.result()
    assert one.observe(CAPTURES, complete=True)
    assert not one.is_building
    assert one.answer(focus) == ranker(30).answer(focus)
    assert not one.observe(CAPTURES, complete=True)


@given(
    st.integers(0, 10**6),
    st.sampled_from(SIGNALS),
    st.integers(0, 3),
    st.integers(0, 40),
    st.sampled_from([(1, 0), (2, 0), (1, 30)]),
)
@settings(deadline=None, max_examples=60)
def test_rereading_without_a_change_leaves_the_order_and_the_next_pick(
    seed: int, signal: Signal, n_labels: int, n_reread: int, line: tuple[int, int]
) -> None:
    examples = pool(40)
    scanned = {example.id: random_capture(1000 * seed + example.row) for example in examples}
    one = Ranker(examples, TASK, SELECTION)
    one.observe(scanned, complete=True)
    decisions = tuple(Decision(example.id, LABEL, Answer("a")) for example in examples[:n_labels])
    focus = Focus(n_labels, decisions, examples[-1].id, signal, signal)
    order, before = [*one.candidates(focus)], one.answer(focus)
    slope, shift = line
    again = {
        example_id: replace(
            scanned[example_id],
            neuron_count=slope * scanned[example_id].neuron_count + shift,
            nucleus=slope * scanned[example_id].nucleus + shift,
            participation=slope * scanned[example_id].participation + shift,
        )
        for example_id in order[:n_reread]
    }
    one.refresh(again, n_demonstrations=n_labels)
    assert [*one.candidates(focus)] == order
    after = one.answer(focus)
    for was, now in zip(chosen(before), chosen(after), strict=True):
        assert now.example_id == was.example_id
        assert now.reason is not None and was.reason is not None
        assert (now.reason.n_farther, now.reason.n_easier) == (
            was.reason.n_farther,
            was.reason.n_easier,
        )
        assert now.reason.score == pytest.approx(was.reason.score, abs=1e-7)


def chosen(ranked: Ranked) -> list[Pick]:
    picks = (ranked.after_label, ranked.after_skip, *ranked.queue)
    return [pick for pick in picks if pick is not None]


def test_what_is_held_is_never_chosen_and_told_with_the_models_answer() -> None:
    held = tuple(example.id for example in EXAMPLES[20:24])
    focus = Focus(2, (label(0),), EXAMPLES[1].id, held=held)
    one = ranker()
    answer = one.answer(focus)
    assert {pick.example_id for pick in chosen(answer)}.isdisjoint(held)
    assert set(one.candidates(focus)).isdisjoint(held)
    assert len(one.candidates(focus)) == 30 - 2 - 4
    assert [pick.example_id for pick in answer.held] == [*held]
    assert {pick.reason for pick in answer.held} == {draw_reason(SELECTION.seed, check=True)}
    assert all(pick.answer in TASK.label_names and pick.is_check for pick in answer.held)
    assert [pick.example_id for pick in ranker(22).answer(focus).held] == [*held[:2]]


def test_a_check_example_that_is_labelled_changes_nothing_that_is_chosen() -> None:
    plain = Focus(1, (label(0),), EXAMPLES[1].id)
    check = replace(plain, shown_is_passed_over=True)
    assert ranker().answer(check).after_label == ranker().answer(plain).after_skip
    assert ranker().answer(check).after_label == ranker().answer(check).after_skip
    passed = Decision(EXAMPLES[1].id, SKIP, check=True)
    labelled = ranker().answer(Focus(2, (label(0), passed), None))
    skipped = ranker().answer(Focus(2, (label(0), Decision(EXAMPLES[1].id, SKIP)), None))
    assert labelled == skipped
    assert labelled.gains.keys() == {EXAMPLES[0].id}
    assert labelled.pick == ranker().answer(check).after_label


def hunting(one: Ranker, of_b: dict[int, float]) -> Ranker:
    """With an estimate for each scanned example: the label b as likely as is said, else 0."""
    one.answer(Focus(0, (), None))
    assert one.readings is not None
    row_of = {example.id: example.row for example in EXAMPLES}
    rows = [of_b.get(row_of[example_id], 0.0) for example_id in one.readings.pool.ids]
    estimates = np.array([[1 - p, p] for p in rows])
    one._readings = replace(one.readings, estimates=estimates)
    return one


def test_while_a_label_is_hunted_its_likeliest_examples_come_best_first() -> None:
    one = hunting(ranker(), {4: 0.9, 7: 0.8, 9: 0.7, 12: 0.6})
    held = (EXAMPLES[9].id,)
    answer = one.answer(Focus(1, (label(4),), EXAMPLES[7].id, held=held, hunted="b"))
    first = answer.queue[0]
    assert answer.after_skip == first
    assert answer.after_label is not None
    assert answer.after_label.example_id == first.example_id == EXAMPLES[12].id
    assert first.reason is not None
    assert (first.reason.strategy, first.reason.label, first.reason.score) == (HUNT, "b", 0.6)
    assert first.is_hunted and first.is_ranked
    assert first.estimate == {"a": 0.4, "b": 0.6}
    assert {*held, EXAMPLES[4].id, EXAMPLES[7].id}.isdisjoint(p.example_id for p in answer.queue)
    assert answer.hunted == "b"
    nothing_shown = one.answer(Focus(2, (label(4),), None, hunted="b"))
    assert nothing_shown.pick is not None
    assert nothing_shown.pick.example_id == EXAMPLES[7].id
    assert (
        one.candidates(Focus(2, (label(4),), None, hunted="b"))
        .first(2)
        .n_read({EXAMPLES[7].id, EXAMPLES[9].id})
        == 2
    )
    normal = one.answer(Focus(2, (label(4),), None))
    assert normal.pick is not None and not normal.pick.is_hunted


def test_without_an_estimate_the_model_says_what_is_likely() -> None:
    answer = ranker().answer(Focus(0, (), None, hunted="b"))
    shares = [pick.probabilities["b"] for pick in answer.queue]
    assert shares == sorted(shares, reverse=True)
    assert [pick.reason and pick.reason.score for pick in answer.queue] == shares
    assert not any(pick.estimate for pick in answer.queue)


def test_what_is_certain_is_suggested_but_not_what_is_decided_held_or_shown() -> None:
    one = hunting(ranker(), dict.fromkeys(range(10), 0.95) | {11: 0.97, 12: 0.89})
    focus = Focus(3, (label(0),), EXAMPLES[1].id, held=(EXAMPLES[2].id,))
    found = suggested(Suggest("b", 5), focus, one.readings, TASK.label_names)
    assert (found.revision, found.label, len(found.rows)) == (3, "b", 5)
    assert found.rows[0].example_id == EXAMPLES[11].id
    assert found.rows[0].probability == pytest.approx(0.97)
    every = suggested(Suggest(None, 99), focus, one.readings, TASK.label_names)
    assert every.label == "a"  # 18 of it are certain
    rows = {row.example_id for row in every.rows}
    assert rows == {e.id for e in (*EXAMPLES[10:11], *EXAMPLES[13:])}


@pytest.mark.parametrize("label_name", [None, "b"])
def test_without_an_estimate_nothing_is_suggested(label_name: str | None) -> None:
    for readings in (None, ranker().readings):
        found = suggested(Suggest(label_name, 5), Focus(3, (), None), readings, ("a", "b"))
        assert found == Suggested(3, label_name, ())
