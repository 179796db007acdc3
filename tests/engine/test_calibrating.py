"""What calibrates the answers: a random sample that nobody has touched, and the labels' shares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.calibration import (
    MIN_LABELS,
    MIN_SAMPLE,
    RAW,
    SAMPLE,
    Offsets,
    Uncalibrated,
)
from neufs_tui.core.neurons import Capture, shifted, softmax
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.calibrating import Basis, Calibrator
from neufs_tui.engine.protocol import EngineConfig, Focus
from neufs_tui.engine.ranking import Ranker
from tests.captures import random_capture
from tests.pools import examples_of

TASK = Task(labels=(Label("a"), Label("b")))
EXAMPLES = examples_of(f"text {number}" for number in range(120))
CAPTURES = {example.id: random_capture(example.row) for example in EXAMPLES}
IDS = [example.id for example in EXAMPLES]


def calibrator(*, n: int = 120, reads_all: bool = True, **selection: int | bool) -> Calibrator:
    settings = SelectionSettings(**{"shots": 4, "choose_from": 10} | selection)
    config = EngineConfig(EXAMPLES[:n], TASK, ModelChoice(), Path(), selection=settings)
    return Calibrator(config, reads_all=reads_all)


def labels(n: int, *, n_a: int | None = None) -> tuple[Decision, ...]:
    """The first n_a of n examples are labelled a, the others b."""
    n_a = n if n_a is None else n_a
    answers = [Answer("a")] * n_a + [Answer("b")] * (n - n_a)
    return tuple(
        Decision(one, DecisionKind.LABEL, answer)
        for one, answer in zip(IDS[:n], answers, strict=True)
    )


def based(decisions: tuple[Decision, ...], **more: int | bool) -> Basis:
    basis = calibrator(**more).basis(decisions)
    assert isinstance(basis, Basis)
    return basis


@pytest.mark.parametrize(
    ("decisions", "more", "why"),
    [
        (labels(MIN_LABELS - 1), {}, Uncalibrated.FEW_LABELS),
        (labels(MIN_LABELS), {"calibration": False}, Uncalibrated.UNWANTED),
        (labels(MIN_LABELS), {"reads_all": False}, Uncalibrated.MANY_CLASSES),
        (labels(MIN_LABELS), {"n": MIN_LABELS + MIN_SAMPLE - 1}, Uncalibrated.FEW_TEXTS),
    ],
)
def test_where_there_is_too_little_to_go_by_it_is_said_why(
    decisions: tuple[Decision, ...], more: dict[str, int | bool], why: Uncalibrated
) -> None:
    assert calibrator(**more).basis(decisions) is why
    assert calibrator(**more).offsets(why, CAPTURES, CAPTURES) == RAW


@given(st.sets(st.sampled_from(IDS), max_size=40), st.sets(st.sampled_from(IDS), max_size=20))
def test_the_sample_has_nothing_that_is_decided_held_or_checked(
    skipped: set[str], held: set[str]
) -> None:
    kinds = (DecisionKind.SKIP, DecisionKind.LABEL)
    others = tuple(
        Decision(one, kinds[place % 2], Answer("a") if place % 2 else None, check=bool(place % 2))
        for place, one in enumerate(sorted(skipped - {*IDS[:MIN_LABELS]}))
    )
    basis = calibrator().basis((*labels(MIN_LABELS), *others), sorted(held))
    assert isinstance(basis, Basis)
    assert len(basis.sample) == len({*basis.sample})
    assert not {*basis.sample} & (held | {one.example_id for one in others} | {*IDS[:MIN_LABELS]})
    # what a check example was labelled as says nothing of the classes
    assert (basis.prior, basis.n_labels) == ((0.9, 0.1), MIN_LABELS)


def test_labels_that_were_hunted_for_say_nothing_of_how_frequent_they_are() -> None:
    shots = labels(20, n_a=8)
    hunted = tuple(replace(one, hunted=one.answer == Answer("b")) for one in shots)
    accepted = tuple(Decision(one, DecisionKind.ACCEPT, Answer("b")) for one in IDS[30:50])
    basis = based((*hunted, *accepted))
    assert (basis.prior, basis.n_labels) == ((0.9, 0.1), 8)
    assert not {*basis.sample} & {*IDS[:20], *IDS[30:50]}
    few = tuple(replace(one, hunted=True) for one in shots)
    assert calibrator().basis(few) is Uncalibrated.FEW_LABELS


def test_nor_do_labels_that_were_given_elsewhere() -> None:
    shots = labels(20, n_a=8)
    given = tuple(replace(one, given="x" if one.answer == Answer("b") else "") for one in shots)
    basis = based(given)
    assert (basis.prior, basis.n_labels) == ((0.9, 0.1), 8)
    assert not {*basis.sample} & {*IDS[:20]}


def test_the_sample_is_fixed_but_for_what_is_decided() -> None:
    before, after = based(labels(8)).sample, based(labels(12)).sample
    gone = {*before} & {*IDS[:12]}
    assert len(before) == len(after) == SAMPLE
    assert after[: SAMPLE - len(gone)] == tuple(one for one in before if one not in gone)


def test_the_mean_probability_is_what_labels_say() -> None:
    basis = based(labels(10, n_a=8))
    found = calibrator().offsets(basis, CAPTURES, {})
    scores = np.array([CAPTURES[one].scores for one in basis.sample])
    assert softmax(shifted(scores, found.scanned)).mean(axis=0) == pytest.approx(
        [9 / 12, 3 / 12], abs=1e-5
    )
    assert found.reread is None


def test_the_last_offsets_serve_until_enough_is_reread() -> None:
    one = calibrator()
    first, second = based(labels(8)), based(labels(9))
    known = one.offsets(first, CAPTURES, CAPTURES)
    assert known.reread is not None
    few = {id_: CAPTURES[id_] for id_ in second.sample[: MIN_SAMPLE - 1]}
    assert one.offsets(second, CAPTURES, few).reread == known.reread
    enough = {id_: CAPTURES[id_] for id_ in second.sample[:MIN_SAMPLE]}
    assert one.offsets(second, CAPTURES, enough).reread != known.reread
    assert not one.is_read(second, enough)
    assert one.is_read(second, {id_: CAPTURES[id_] for id_ in second.sample})


def test_what_is_told_is_by_label_name() -> None:
    one, basis = calibrator(), based(labels(8))
    found = one.offsets(basis, CAPTURES, CAPTURES)
    shown = [(id_, "a") for id_ in IDS[:8]]
    told = one.told(basis, found, shown)
    assert told is not None and found.reread is not None
    assert told.offsets == dict(zip("ab", found.reread, strict=True))
    assert told.demonstrations == tuple(shown)
    assert (told.n_labels, told.n_sample) == (8, SAMPLE)
    assert one.told(basis, Offsets(found.scanned, None), shown) is None


def ranker(*, calibrates: bool = True) -> Ranker:
    settings = SelectionSettings(shots=4, choose_from=10)
    one = Ranker(EXAMPLES, TASK, settings, calibrator=calibrator() if calibrates else None)
    one.observe(CAPTURES, complete=True)
    one.finish()
    return one


def test_a_pick_has_the_calibrated_answer_and_the_raw_scores() -> None:
    pick = ranker().answer(Focus(12, labels(12), None)).pick
    raw = ranker(calibrates=False).answer(Focus(12, labels(12), None))
    assert pick is not None and pick.calibrated
    capture = CAPTURES[pick.example_id]
    assert (
        pick.scores == pick.scan_scores == dict(zip("ab", map(float, capture.scores), strict=True))
    )
    assert pick.answer == max(pick.probabilities, key=lambda name: pick.probabilities[name])
    assert raw.pick is not None and not raw.pick.calibrated
    assert raw.pick.scores[raw.pick.answer or ""] == max(raw.pick.scores.values())


def test_the_answers_lean_to_what_labels_say() -> None:
    one = ranker()
    picks = one.answer(Focus(20, labels(20), IDS[60])).queue
    assert sum(pick.answer == "a" for pick in picks) > len(picks) / 2
    mostly_b = one.answer(Focus(20, labels(20, n_a=0), IDS[60])).queue
    assert sum(pick.answer == "b" for pick in mostly_b) > len(picks) / 2


def test_what_comes_next_is_the_same_looked_for_ahead_or_afterwards() -> None:
    """Also where the label in between is the one from which on answers are calibrated."""
    for n in (MIN_LABELS - 1, MIN_LABELS, MIN_LABELS + 3):
        shown = IDS[n]
        ahead = ranker().answer(Focus(n, labels(n), shown)).after_label
        decided = (*labels(n), Decision(shown, DecisionKind.LABEL, Answer("b")))
        after = ranker().answer(Focus(n + 1, decided, None)).pick
        assert ahead is not None and after is not None
        assert replace(ahead, n_labelled=0) == replace(after, n_labelled=0)


def test_the_margin_is_by_calibrated_probabilities() -> None:
    one = ranker()
    one.answer(Focus(12, labels(12), IDS[60]))
    readings = one.readings
    assert readings is not None and readings.offsets.scanned is not None
    captures: list[Capture] = readings.pool.captures
    shares = softmax(
        shifted(np.array([capture.scores for capture in captures]), readings.offsets.scanned)
    )
    assert readings.probabilities == pytest.approx(shares)
    margins = 1 - np.abs(shares[:, 0] - shares[:, 1])
    assert readings.difficulty.numbers["margin"] == pytest.approx(margins)
    assert readings.difficulty.numbers["count"] == pytest.approx(
        [capture.neuron_count for capture in captures]
    )
