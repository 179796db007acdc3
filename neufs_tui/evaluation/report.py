"""A report: what each set of demonstrations makes of each test, raw and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import softmax
from neufs_tui.core.records import Example
from neufs_tui.engine.announcer import Listener
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.protocol import EngineConfig, ModelReady
from neufs_tui.engine.set_readings import SetReading, read_sets
from neufs_tui.evaluation.classifiers import BOTH, Classifier, Shares
from neufs_tui.evaluation.few_shot_sets import FewShotSet
from neufs_tui.evaluation.gold_test import GoldTest
from neufs_tui.statistics.calibration import calibrated, offsets
from neufs_tui.statistics.classification import Estimate, Figures, difference, figures


@dataclass(frozen=True, slots=True)
class Calibration:
    """What answers are calibrated by."""

    sample: tuple[Example, ...]
    """Texts drawn at random from the pool, none of them in a test or a set."""
    prior: Shares
    """The labels' shares that are expected of them, shape (n_labels,)."""
    basis: str
    """Both in words that follow `calibrated`."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one set makes of one test."""

    few_shot_set: FewShotSet
    n_fitting: int
    """Of its demonstrations, those that fit into the context window."""
    raw: Figures
    calibrated: Figures | None
    """None where calibration is not wanted, or has too little to go by."""
    shares: tuple[Sequence[Shares], Sequence[Shares] | None]
    """Label probabilities of the texts by each draw, raw and calibrated."""


@dataclass(frozen=True, slots=True)
class LearnedResult:
    """What a classifier makes of one test."""

    name: str
    figures: Figures
    shares: Sequence[Shares]
    """Label probabilities of the texts by each draw."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better one row is than another, on the same texts; by their names."""

    this: str
    that: str
    accuracy: Estimate
    macro_f1: Estimate
    is_calibrated: bool
    """Whether the answers to prompts, on either side, are calibrated."""
    is_learned: bool = False
    """Whether the first is a classifier."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """One test."""

    test: GoldTest
    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...]
    learned: tuple[LearnedResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of one model with one prompt."""

    name: str
    """What it is called beside others."""
    model: ModelReady
    tests: tuple[TestReport, ...]
    calibration: Calibration | None
    """None where nothing is calibrated."""
    offsets: tuple[tuple[Shares, ...], ...]
    """What calibrates each draw of each set; empty where nothing is calibrated."""


def make_report(
    config: EngineConfig,
    sets: Sequence[FewShotSet],
    tests: Sequence[GoldTest],
    listener: Listener,
    *,
    name: str = "",
    calibration: Calibration | None = None,
    by_sum: bool = False,
    classifiers: Sequence[Classifier] = (),
    needed: NeededModel | None = None,
) -> Report:
    """Read every test behind every set once, and measure.

    Args:
        config: task, model and where caches are.
        sets: the second is compared with all others, and each that is no random one with the
            first.
        tests: texts with gold labels.
        listener: hears stages and progress.
        name: what the report is called beside others.
        calibration: what answers are calibrated by; None for raw answers alone.
        by_sum: the answer is the label with the largest sum of its tokens' log-probabilities,
            not with the largest mean.
        classifiers: learned from the labels of the second set or some of them; those of all are
            compared with it and with each other.
        needed: the configuration's model, where it may be loaded already.

    Raises:
        NeufsError: the model cannot be loaded, or nothing stored.
    """
    sample = calibration.sample if calibration is not None else ()
    texts = [*(one for test in tests for one in test.texts), *sample]
    wanted = [one for each in sets for one in each.wanted(texts)]
    read = read_sets(config, wanted, listener, needed)
    factor = read.lengths if by_sum else np.ones_like(read.lengths)
    readings = iter(read.sets)
    by_set = [[next(readings) for _ in each.draws] for each in sets]
    moves = _offsets(by_set, len(sample), calibration, factor)
    names = config.task.label_names
    reports, start = [], 0
    for test in tests:
        rows = slice(start, start := start + len(test.texts))
        raw = [[_shares(one, rows, factor, None) for one in each] for each in by_set]
        moved = None
        if moves:
            moved = [
                [_shares(one, rows, factor, move) for one, move in zip(each, own, strict=True)]
                for each, own in zip(by_set, moves, strict=True)
            ]
        results = tuple(
            Result(
                few_shot_set=each,
                n_fitting=len(by_set[place][0].demonstrations),
                raw=figures(raw[place], test.gold, names),
                calibrated=figures(moved[place], test.gold, names) if moved else None,
                shares=(raw[place], moved[place] if moved else None),
            )
            for place, each in enumerate(sets)
        )
        comparisons = [
            _comparison(sets, pair, shares, test.gold, is_calibrated)
            for pair in _pairs(sets)
            for shares, is_calibrated in ((raw, False), (moved, True))
            if shares is not None
        ]
        learned = _learned(classifiers, results, test, names)
        of_all = [result for result, is_of_all in learned if is_of_all]
        comparisons += _learned_comparisons(of_all, results, test.gold)
        rows_learned = tuple(result for result, _ in learned)
        reports.append(TestReport(test, results, tuple(comparisons), rows_learned))
    return Report(name, read.model, tuple(reports), calibration, tuple(map(tuple, moves)))


def compare(this: Report, that: Report) -> tuple[tuple[Comparison, ...], ...]:
    """How much better one model or prompt is than another with the same set, test by test.

    Args:
        this: of the same sets and tests as the other.
        that: what it is compared with.
    """
    compared = []
    for mine, other in zip(this.tests, that.tests, strict=True):
        found = []
        for one, two in zip(mine.results, other.results, strict=True):
            here, there = (f"{each.name}, {one.few_shot_set.name}" for each in (this, that))
            for kind, (these, those) in enumerate(zip(one.shares, two.shares, strict=True)):
                if these is not None and those is not None:
                    accuracy, macro_f1 = difference(these, those, mine.test.gold)
                    found.append(Comparison(here, there, accuracy, macro_f1, bool(kind)))
        compared.append(tuple(found))
    return tuple(compared)


def _offsets(
    by_set: Sequence[Sequence[SetReading]],
    n_sample: int,
    calibration: Calibration | None,
    factor: NDArray[np.int64],
) -> list[list[Shares]]:
    if calibration is None:
        return []
    return [
        [
            offsets(one.scores[len(one.scores) - n_sample :] * factor, calibration.prior)
            for one in each
        ]
        for each in by_set
    ]


def _shares(
    reading: SetReading, rows: slice, factor: NDArray[np.int64], move: Shares | None
) -> Shares:
    scores = reading.scores[rows] * factor
    return softmax(scores) if move is None else calibrated(scores, move)


def _pairs(sets: Sequence[FewShotSet]) -> list[tuple[int, int]]:
    """Hers, which is the second, against all others, and each other that she chose against none."""
    hers = [(1, place) for place in range(len(sets)) if place != 1 and len(sets) > 1]
    return hers + [(place, 0) for place in range(2, len(sets)) if len(sets[place].draws) == 1]


def _comparison(
    sets: Sequence[FewShotSet],
    pair: tuple[int, int],
    shares: Sequence[Sequence[Shares]],
    gold: NDArray[np.intp],
    is_calibrated: bool,
) -> Comparison:
    this, that = pair
    accuracy, macro_f1 = difference(shares[this], shares[that], gold)
    names = sets[this].name, sets[that].name
    return Comparison(*names, accuracy, macro_f1, is_calibrated)


def _learned(
    classifiers: Sequence[Classifier],
    results: Sequence[Result],
    test: GoldTest,
    names: Sequence[str],
) -> list[tuple[LearnedResult, bool]]:
    """What classifiers make of a test, each with whether it is compared."""
    found = []
    for one in classifiers:
        rows = [(one.name, [probabilities(test.texts) for probabilities in one.draws])]
        if one.moves_prompt is not None:
            hers = results[1]
            (answers,) = hers.shares[1] or hers.shares[0]
            least = np.finfo(np.float64).tiny  # what has underflowed is not impossible
            moved = one.moves_prompt(test.texts, np.log(np.maximum(answers, least)))
            rows.append((BOTH, [moved]))
        for name, shares in rows:
            result = LearnedResult(name, figures(shares, test.gold, names), shares)
            found.append((result, one.is_of_all))
    return found


def _learned_comparisons(
    learned: Sequence[LearnedResult], results: Sequence[Result], gold: NDArray[np.intp]
) -> list[Comparison]:
    """Each classifier of all her labels against these in the prompt, then against the others."""
    found = []
    for place, one in enumerate(learned):
        hers = results[1]
        is_calibrated = hers.shares[1] is not None
        others = [(hers.few_shot_set.name, hers.shares[1] or hers.shares[0], is_calibrated)]
        others += [(other.name, other.shares, False) for other in learned[place + 1 :]]
        for name, shares, is_calibrated in others:
            accuracy, macro_f1 = difference(one.shares, shares, gold)
            found.append(Comparison(one.name, name, accuracy, macro_f1, is_calibrated, True))
    return found
