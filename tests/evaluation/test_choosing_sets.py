"""A number and an order are chosen where they are told apart, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.announcer import Listener
from neufs_tui.engine.protocol import EngineConfig, Event, Noticed
from neufs_tui.engine.set_readings import SetReading, SetReadings, Wanted
from neufs_tui.errors import ExportError
from neufs_tui.evaluation import choosing_sets as module
from neufs_tui.evaluation.choice_tables import choice_json, rows, sentences
from neufs_tui.evaluation.choosing_sets import Choice, Chosen, choose, choose_set, require_choosable
from neufs_tui.evaluation.report import Calibration
from neufs_tui.evaluation.set_rules import DEFAULT, SetRule, folds_of, rules_for
from neufs_tui.statistics.classification import Estimate
from tests.fakes import READY
from tests.pools import examples_of

N = 24
TEXTS = examples_of(f"text {number}" for number in range(N))
SAMPLE = examples_of(f"sample {number}" for number in range(40))
LABELS = ["a" if number % 3 else "b" for number in range(N)]
HERS = [
    LabelledExample(example, Answer(label), seq)
    for seq, (example, label) in enumerate(zip(TEXTS, LABELS, strict=True))
]
FOLDS = folds_of(LABELS, 0)
RULES = rules_for(LABELS, FOLDS)
GOOD = SetRule(8, "reversed")


def simulated(rng: np.random.Generator, gain: float) -> Choice:
    """Log-likelihoods that have to do with the text, the set and the rule, whose one gains."""
    shape = (N, len(RULES))
    of_set = rng.normal(0, 0.3, (8, len(RULES)))[FOLDS]
    found = -1 + rng.normal(0, 1, (N, 1)) + of_set + rng.normal(0, 0.3, shape)
    found[:, RULES.index(GOOD)] += gain
    return choose(RULES, found, rng.random(shape) < 0.5, FOLDS)


def test_the_default_is_left_for_noise_in_one_of_twenty_cases_at_most() -> None:
    rng = np.random.default_rng(0)
    choices = [simulated(rng, 0) for _ in range(300)]
    assert sum(one.is_told_apart for one in choices) / 300 <= 0.05
    assert all(one.chosen is one.default for one in choices if not one.is_told_apart)


def test_a_rule_that_is_much_better_is_chosen() -> None:
    rng = np.random.default_rng(0)
    chosen = [simulated(rng, 1.5).chosen.rule for _ in range(50)]
    assert chosen.count(GOOD) >= 45


def test_a_rule_that_is_worse_is_never_chosen() -> None:
    rng = np.random.default_rng(0)
    assert all(simulated(rng, -3).chosen.rule != GOOD for _ in range(50))


def test_the_best_is_told_first_and_of_equals_the_default() -> None:
    alike = choose(RULES, np.full((N, len(RULES)), -0.5), np.ones((N, len(RULES)), bool), FOLDS)
    assert alike.best is alike.default and not alike.is_told_apart
    assert alike.best.accuracy == 1
    figures = [one.log_likelihood for one in simulated(np.random.default_rng(1), 0).compared]
    assert figures == sorted(figures, reverse=True)


def scores_behind(one: Wanted) -> np.ndarray:
    """Behind 8 labels, the last given first, right by 3 nats; else `a` by as much as `b` lacks."""
    shown = [int(demonstration.text.split()[1]) for demonstration in one.demonstrations]
    good = len(shown) == 8 and shown == sorted(shown, reverse=True)
    scores = []
    for text in one.texts:
        kind, number = text.text.split()
        right = 1 if kind == "text" and int(number) % 3 == 0 else 0
        lean = np.array([-1.0, -1.0 - 0.01 * int(number)])
        if good:
            lean[right] += 3
        scores.append(lean)
    return np.array(scores, dtype=np.float32)


def chosen_by(
    monkeypatch: pytest.MonkeyPatch,
    calibration: Calibration | None,
    *,
    fits: int = N,
    listener: Listener = lambda _: None,
) -> tuple[Chosen, list[list[Wanted]]]:
    asked: list[list[Wanted]] = []

    def read(_config: object, wanted: list[Wanted], _listener: object) -> SetReadings:
        asked.append(wanted)
        sets = [SetReading(one.demonstrations[-fits:], scores_behind(one)) for one in wanted]
        return SetReadings(READY, np.array([1, 1]), tuple(sets))

    monkeypatch.setattr(module, "read_sets", read)
    config = EngineConfig((), Task((Label("a"), Label("b"))), ModelChoice(), Path())
    chosen = choose_set(config, HERS, listener, seed=0, calibration=calibration)
    return chosen, asked


def test_each_label_is_read_once_a_rule_behind_others_than_its_own_fold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen, (asked,) = chosen_by(monkeypatch, None)
    texts = [text.text for one in asked for text in one.texts]
    assert sorted(texts) == sorted([text.text for text in TEXTS] * len(RULES))
    for one in asked:
        shown = {demonstration.text for demonstration in one.demonstrations}
        assert shown.isdisjoint(text.text for text in one.texts)
    assert chosen.rule == GOOD
    best = chosen.choice.best
    assert best.accuracy == 1
    assert best.log_likelihood == pytest.approx(-np.log1p(np.exp(-3)), abs=0.02)
    assert [one.seq for one in chosen.of(HERS)] == [*range(7, -1, -1)]


def test_what_was_chosen_is_compared_again_once_answers_are_calibrated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calibration = Calibration(SAMPLE, np.array([0.6, 0.4]), "on 40 texts")
    heard: list[Event] = []
    chosen, (_, again) = chosen_by(monkeypatch, calibration, listener=heard.append)
    (noticed,) = heard
    assert isinstance(noticed, Noticed) and "32 texts that calibrate" in noticed.sentences[0]
    assert len(again) == 2 * 8
    assert {len(one.texts) for one in again} == {3 + 32}
    assert chosen.choice.calibrated is not None and chosen.choice.calibrated.low > 0
    assert chosen.rule == GOOD
    told = sentences(chosen)
    assert told[0] == (
        "chosen: first 8, reversed, instead of all 24 labels in labelling order: log-likelihood "
        "−.05 against −.67 (difference +.63, +.60 to +.65); as the best of 16 it may do less well "
        "on other texts"
    )
    assert told[1].startswith("once answers are calibrated") and told[1].endswith(": it remains")


def test_a_gain_that_is_gone_once_answers_are_calibrated_is_told_and_not_exported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen, _ = chosen_by(monkeypatch, None)
    assert chosen.rule == GOOD
    lean = replace(chosen.choice, calibrated=Estimate(-0.03, -0.15, 0.09))
    lost = replace(chosen, choice=lean)
    assert lost.rule == DEFAULT and lost.of(HERS) == HERS
    first, second = sentences(lost)
    assert first.startswith("first 8, reversed, instead of all 24 labels in labelling order: ")
    assert second == (
        "once answers are calibrated the difference is −.03 (−.15 to +.09), which is noise: the "
        "gain may be no more than a lean towards labels that you gave often; all are exported in "
        "labelling order"
    )
    told = choice_json(lost)
    assert told["rule"] == {"k": None, "order": "selection"}
    assert told["told_apart"] and told["calibrated_difference"]["value"] == -0.03


def test_noise_is_called_noise_and_the_default_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, _ = chosen_by(monkeypatch, None)
    choice = simulated(np.random.default_rng(2), 0)
    assert choice.best is not choice.default
    noise = replace(chosen, choice=choice, n_left_out=3)
    first, second = sentences(noise)
    assert first.startswith(
        "no number or order of your 24 labels is told apart from all of them in labelling order: "
        "the best of 16 ("
    )
    assert first.endswith("), which is noise; all are exported in labelling order")
    assert second.startswith("up to 3 labels of a set did not fit")
    assert noise.of(HERS) == HERS
    default = replace(choice, compared=(choice.default, *choice.compared[1:]))
    assert sentences(replace(noise, choice=default))[0] == (
        "all 24 labels in labelling order do best of the 16 compared, and are exported"
    )


def test_the_table_and_the_manifest_have_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, _ = chosen_by(monkeypatch, None)
    table = rows(chosen.choice)
    assert table[0][:2] == ("first 8, reversed", "1.00")
    assert max(len(name) for name, *_ in table) <= 36
    assert [row[3] for row in table].count("default") == 1
    told = choice_json(chosen)
    assert told["rule"] == {"k": 8, "order": "reversed"}
    assert (told["told_apart"], told["seed"], told["folds"]) == (True, 0, 8)
    assert len(told["compared"]) == len(RULES)
    assert {"rule": {"k": None, "order": "selection"}, "difference": None}.items() <= next(
        one for one in told["compared"] if one["difference"] is None
    ).items()


def test_labels_that_a_window_does_not_hold_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, _ = chosen_by(monkeypatch, None, fits=16)
    assert chosen.n_left_out == 21 - 16


@pytest.mark.parametrize(
    ("labels", "words"),
    [(["a", "b"] * 3 + ["a"], "7 labels are too few"), (["a"] * 12, "all 12 labels are 'a'")],
)
def test_too_few_labels_and_those_of_one_class_are_refused(labels: list[str], words: str) -> None:
    with pytest.raises(ExportError, match=words):
        require_choosable(labels)
    require_choosable(["a", "b"] * 4)


def test_the_default_is_all_labels_in_labelling_order() -> None:
    assert DEFAULT.places(range(N), LABELS) == (*range(N),)
