"""A report of readings that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.records import Demonstration, Example, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.set_readings import SetReading, SetReadings, Wanted
from neufs_tui.errors import UsageError
from neufs_tui.evaluation import report as module
from neufs_tui.evaluation.chart import draw_chart, require_charts
from neufs_tui.evaluation.classifiers import Classifier, Shares
from neufs_tui.evaluation.few_shot_sets import WITHOUT, FewShotSet
from neufs_tui.evaluation.gold_test import GoldTest
from neufs_tui.evaluation.json_report import as_json
from neufs_tui.evaluation.report import Calibration, Report, compare, make_report
from neufs_tui.evaluation.tables import (
    markdown,
    sections,
    sentences,
    side_by_side,
    signed,
    title,
)
from tests.fakes import READY
from tests.pools import examples_of

NAMES = ("a", "b")
TEXTS = examples_of(f"text {number}" for number in range(100))
SAMPLE = examples_of(f"sample {number}" for number in range(40))
GOLD = np.array([0, 1] * 50, dtype=np.intp)
HERS = FewShotSet("your 2 labels", ((Demonstration("x", "a"), Demonstration("y", "b")),))
RANDOM = FewShotSet("1 of them, random", (HERS.draws[0][:1], HERS.draws[0][1:]))


def scores_of(n_shown: int, texts: list[str]) -> np.ndarray:
    """By itself always `a`, behind both of her labels always right, behind one always `b`.

    Label `b` has two tokens.
    """
    lean = (5.0, -5.0, 0.5)[n_shown]
    numbers = [int(text.split()[1]) for text in texts]
    return np.array([[lean + (-1) ** n - 3, -1.5] for n in numbers], dtype=np.float32)


def make(
    monkeypatch: pytest.MonkeyPatch,
    *,
    by_sum: bool = False,
    classifiers: Sequence[Classifier] = (),
    calibrates: bool = True,
) -> Report:
    def read(_config: object, wanted: list[Wanted], *_: object) -> SetReadings:
        sets = []
        for one in wanted:
            scores = scores_of(len(one.demonstrations), [text.text for text in one.texts])
            sets.append(SetReading(one.demonstrations, scores + np.float32([1.5, 0])))
        return SetReadings(READY, np.array([1, 2]), tuple(sets))

    monkeypatch.setattr(module, "read_sets", read)
    config = EngineConfig((), Task(tuple(map(Label, NAMES))), ModelChoice(), Path())
    tests = [GoldTest("home", TEXTS[:60], GOLD[:60]), GoldTest("away", TEXTS[60:], GOLD[60:])]
    calibration = Calibration(SAMPLE, np.array([0.5, 0.5]), "on 40 texts") if calibrates else None
    return make_report(
        config,
        [WITHOUT, HERS, RANDOM],
        tests,
        lambda _: None,
        calibration=calibration,
        by_sum=by_sum,
        classifiers=classifiers,
    )


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Report:
    return make(monkeypatch)


def test_each_set_is_measured_on_each_test(made: Report) -> None:
    assert [len(one.test.texts) for one in made.tests] == [60, 40]
    for test in made.tests:
        without, hers, random = test.results
        assert without.raw.accuracy.value == 0.5
        assert hers.raw.accuracy.value == 1.0
        assert random.raw.accuracy.value == 0.5
        assert without.calibrated is not None and without.calibrated.accuracy.value == 1.0
        assert random.raw.confusion.tolist() == [[0, len(test.test.gold) / 2]] * 2


def test_a_gain_that_calibration_gives_too_is_told_apart(made: Report) -> None:
    assert sentences(made.tests[0])[:2] == [
        "your 2 labels: better than no demonstrations by .50",
        "calibrated, your 2 labels and no demonstrations: not distinguishable",
    ]


def test_offsets_are_kept_for_whoever_scores_labels(made: Report) -> None:
    without = made.offsets[0][0]
    assert without[1] - without[0] == pytest.approx(5, abs=1e-3)
    assert [len(each) for each in made.offsets] == [1, 1, 2]


def test_a_sum_counts_every_token_of_a_label(monkeypatch: pytest.MonkeyPatch) -> None:
    hers = make(monkeypatch, by_sum=True).tests[0].results[1]
    # -1.5 each for two tokens is less than any score of the other label
    assert hers.raw.accuracy.value == 0.5
    assert hers.calibrated is not None and hers.calibrated.accuracy.value == 1.0


def test_the_page_has_every_figure(made: Report) -> None:
    home = made.tests[0]
    assert title(home) == "home: 60 texts; at random: the mean of 2 draws"
    parts = sections(home)
    assert [*parts] == ["as the model answers", "calibrated"]
    figures = ("1.00 (.94–1.00)", "1.00 (1.00–1.00)")
    assert parts["as the model answers"][1] == ("your 2 labels", *figures)
    assert [row[0] for row in parts["calibrated"]][3:] == [
        "your 2 labels − no demonstrations",
        "your 2 labels − 1 of them, random",
    ]
    page = markdown([made])
    assert "Calibrated on 40 texts." in page
    assert "## away: 40 texts" in page
    assert "| a | 30 | 60 | .50 | 1.00 | .67 |" in page


def test_a_model_is_compared_with_another_set_by_set(made: Report) -> None:
    worse = replace(made, name="B")
    better = replace(made, name="A")
    (home, _) = compare(better, worse)
    assert [(one.this, one.is_calibrated) for one in home[:2]] == [
        ("A, no demonstrations", False),
        ("A, no demonstrations", True),
    ]
    assert all(one.accuracy.value == 0 for one in home)
    rows = side_by_side([worse, better], 0)
    assert rows["calibrated"][1][:2] == ("A, your 2 labels − B", "+.00 (+.00 to +.00)")


@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_chart_has_every_set_of_every_test(
    made: Report, tmp_path: Path, kind: str, begins: bytes
) -> None:
    path = tmp_path / "chart.part"
    named = replace(made.tests[0].results[1].few_shot_set, name="$x$ of <yours>")
    result = replace(made.tests[0].results[1], few_shot_set=named)
    home = replace(made.tests[0], results=(made.tests[0].results[0], result))
    draw_chart(path, kind, [replace(made, tests=(home, made.tests[1]))])
    content = path.read_bytes()
    assert content.startswith(begins)
    if kind == "svg":
        assert content.count(b"<!-- $x$ of &lt;yours&gt; -->") + content.count(b"$x$") >= 1


@pytest.mark.parametrize("name", ["chart.gif", "chart"])
def test_a_chart_of_another_kind_is_refused_before_anything_is_read(name: str) -> None:
    with pytest.raises(UsageError, match=r"neither \.png nor \.svg"):
        require_charts(Path(name))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "+.00"), (0.004, "+.00"), (-0.004, "+.00"), (0.5, "+.50"), (1, "+1.00"), (-0.25, "−.25")],
)
def test_a_difference_has_a_sign_and_no_leading_zero(value: float, expected: str) -> None:
    assert signed(value) == expected


def right(texts: Sequence[Example]) -> Shares:
    """Right of every text, and nine parts in ten sure."""
    odd = np.array([int(one.text.split()[1]) % 2 for one in texts])
    return np.stack([0.9 - 0.8 * odd, 0.1 + 0.8 * odd], axis=1)


def wrong(texts: Sequence[Example]) -> Shares:
    return 1 - right(texts)


CLASSIFIERS = [
    Classifier("readout", (right,), is_of_all=True, moves_prompt=lambda _, answers: -answers),
    Classifier("readout, 1 of them, random", (right, wrong), is_of_all=False),
    Classifier("sentence encoder", (wrong,), is_of_all=True),
]


def test_what_was_learned_without_a_prompt_is_measured_on_the_same_texts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = make(monkeypatch, classifiers=CLASSIFIERS)
    home, _ = made.tests
    # her labels in the prompt are right of every text, and turned round of none
    assert [one.figures.accuracy.value for one in home.learned] == [1.0, 0.0, 0.5, 0.0]
    assert home.learned[0].figures.calibration_error == pytest.approx(0.1)
    parts = sections(home)
    assert [*parts] == ["as the model answers", "calibrated", "learned from your labels, no prompt"]
    names = [row[0] for row in parts["learned from your labels, no prompt"]]
    assert names == [
        "readout",
        "readout + prompt",
        "readout, 1 of them, random",
        "sentence encoder",
        "readout − your 2 labels (calibrated)",
        "readout − readout + prompt",
        "readout − sentence encoder",
        "readout + prompt − your 2 labels (calibrated)",
        "readout + prompt − sentence encoder",
        "sentence encoder − your 2 labels (calibrated)",
    ]
    assert "readout: better than sentence encoder by 1.00" in sentences(home)
    assert "readout and your 2 labels (calibrated): not distinguishable" in sentences(home)
    assert "### sentence encoder, by class" in markdown([made])
    told = as_json(made)["tests"][0]
    assert [one["classifier"] for one in told["learned"]] == names[:4]
    pairs = [(one["set"], one["against"], one["calibrated"]) for one in told["differences"]]
    assert ("readout", "your 2 labels", True) in pairs
    draw_chart(tmp_path / "chart.part", "svg", [made])
    assert "sentence encoder" in (tmp_path / "chart.part").read_text()


def test_where_nothing_is_calibrated_classifiers_are_compared_with_raw_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, _ = make(monkeypatch, classifiers=CLASSIFIERS[:1], calibrates=False).tests
    learned = [(one.this, one.that) for one in home.comparisons if one.is_learned]
    assert learned == [
        ("readout", "your 2 labels"),
        ("readout", "readout + prompt"),
        ("readout + prompt", "your 2 labels"),
    ]
    assert "readout − your 2 labels" in [row[0] for row in [*sections(home).values()][-1]]
