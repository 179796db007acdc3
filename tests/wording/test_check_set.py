"""What is said of the check set, and of each example while it comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.app.pages import learning_curve as page
from neufs_tui.core.calibration import Calibration, Uncalibrated
from neufs_tui.core.draws import draw_reason, drawn
from neufs_tui.core.records import Pick
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.statistics.check_set import CheckFigures, Right
from neufs_tui.statistics.learning_curve import Progress, learning_progress
from neufs_tui.wording.learning_curve import calibration, check_lines
from neufs_tui.wording.lines import spread
from neufs_tui.wording.reasons import facts, origin, why
from neufs_tui.wording.status import check_parts
from tests.fakes import READY, example, pick, reason

ONE = example(0)
FIGURES = CheckFigures(16, 16, Right(5, 12), Right(9, 12), gained=5, lost=1)
WITH = "with your 16 labels .75 (.47–.91)"


@pytest.mark.parametrize(
    ("checked", "figures", "said"),
    [
        (0, None, ""),
        (8, None, "8 checked so far, too few to tell"),
        (8, replace(FIGURES, without=Right(3, 8)), "8 checked so far, too few to tell"),
        (12, None, ""),
        (12, FIGURES, f"{WITH} · without .42 · 12 checked"),
        (13, FIGURES, f"{WITH} · without .42 · 12 of 13 checked"),
        (12, replace(FIGURES, without=Right(3, 9)), "9 of 12 checked, too few to tell"),
        (
            12,
            replace(FIGURES, with_labels=None, n_demonstrations=0),
            "without labels .42 (.19–.68) · 12 checked",
        ),
        (
            12,
            replace(FIGURES, n_labels=14, n_demonstrations=13),
            "with 13 of 16 labels .75 (.47–.91) · without .42 · 12 checked",
        ),
    ],
)
def test_one_line_tells_it_in_words(checked: int, figures: CheckFigures | None, said: str) -> None:
    assert " · ".join(check_parts(checked, 16, figures)) == said


TEST = "test.jsonl"


@pytest.mark.parametrize(
    ("n", "figures", "said"),
    [
        (8, FIGURES, "8 on test.jsonl, too few to tell"),
        (200, None, ""),
        (12, FIGURES, "with 16 labels .75 (.47–.91) · without .42 · 12 on test.jsonl"),
        (
            200,
            replace(FIGURES, n_labels=14, n_demonstrations=14),
            "with 14 of 16 labels .75 (.47–.91) · without .42 · 12 of 200 on test.jsonl",
        ),
        (12, replace(FIGURES, with_labels=None), "without labels .42 (.19–.68) · 12 on test.jsonl"),
    ],
)
def test_of_a_test_file_the_line_says_its_name(
    n: int, figures: CheckFigures | None, said: str
) -> None:
    assert " · ".join(check_parts(n, 16, figures, test=TEST)) == said


def test_of_a_test_file_the_curve_says_how_much_is_read() -> None:
    on_test = replace(known(FIGURES, n_checked=12), test=TEST)
    assert check_lines(on_test)[0].startswith("Of 12 texts of test.jsonl, right with 16 of")
    _, partly = check_lines(replace(on_test, n_checked=200))
    assert partly == "188 texts of it not read before another label came."
    assert check_lines(replace(on_test, checks=())) == [
        "The model has still to read the 12 texts of test.jsonl."
    ]
    few = check_lines(replace(on_test, checks=(), n_checked=8))
    assert few == ["8 on test.jsonl, too few to tell: known from 10 on."]


def test_the_line_of_a_test_file_fits_80_columns_beside_a_fresh_ranking() -> None:
    figures = replace(FIGURES, without=Right(84, 200), with_labels=Right(142, 200))
    parts = check_parts(200, 16, figures, test=TEST)
    assert spread(parts, "up to date", 76).startswith(" · ".join(parts))


def test_the_line_fits_80_columns_beside_a_fresh_ranking() -> None:
    figures = replace(
        FIGURES, n_demonstrations=111, without=Right(50, 100), with_labels=Right(72, 100)
    )
    parts = check_parts(100, 113, figures)
    assert spread(parts, "up to date", 76).startswith(" · ".join(parts))


def known(*figures: CheckFigures, n_checked: int = 12) -> Progress:
    return learning_progress(
        (),
        difficulty="margin",
        gains={},
        rereads=True,
        changes=(),
        label_names=("A", "B"),
        answers={},
        checks=figures,
        n_checked=n_checked,
    )


def test_the_curve_tells_it_over_the_labels() -> None:
    few = replace(FIGURES, n_labels=2, without=Right(1, 3), with_labels=Right(2, 3))
    earlier = replace(FIGURES, n_labels=9, without=Right(4, 10), with_labels=Right(6, 10))
    assert check_lines(known(n_checked=0)) == []
    assert check_lines(known(few, n_checked=3)) == [
        "3 checked so far, too few to tell: known from 10 on."
    ]
    assert check_lines(known()) == ["The model has still to read the 12 check examples."]
    now, before = check_lines(known(few, earlier, FIGURES))
    assert now == (
        "Of 12 check examples, right with 16 of 0 labels .75 (.47–.91), right without labels "
        ".42 (.19–.68): 5 better, 1 worse."
    )
    assert before == "Before, with 9 labels .60 (.31–.83) of 10."
    assert "12 check examples" in page.summary(known(FIGURES)).plain


def test_the_curve_says_what_is_not_counted_and_tells_few_earlier_figures() -> None:
    every = [replace(FIGURES, n_labels=n) for n in range(1, 17)]
    _, not_counted, before = check_lines(known(*every, n_checked=13))
    assert not_counted.startswith("Not counted: 1 check example not read yet")
    assert before.count("labels") + before.count("label ") == 4
    assert check_lines(known(replace(FIGURES, with_labels=None))) == [
        "Of 12 check examples, right without labels .42 (.19–.68)."
    ]


def test_the_curve_tells_random_halves_beside_all_labels() -> None:
    halves = replace(FIGURES, halves=Right(7.0, 12), n_half=8)
    now, beside = check_lines(known(halves))
    assert now == check_lines(known(FIGURES))[0]
    assert beside == "With random halves of them .58 (.32–.81): 8 each, the mean of 3 draws."
    of_fewer = replace(halves, n_labels=14, n_half=7)
    assert check_lines(known(of_fewer, FIGURES))[1].startswith(
        "With random halves of 14 labels .58"
    )
    few = replace(halves, without=Right(2, 8), halves=Right(5.0, 8))
    assert not any("halves" in line for line in check_lines(known(few, FIGURES)))


UNREAD = "The model had not read this text when it came."
READ = "To the model, its two likeliest labels are .20 apart."


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (None, "Named by its id, not chosen."),
        (drawn(ONE.id, 0, check=True), UNREAD),
        (drawn(ONE.id, 0), UNREAD),
        (pick(ONE, why=draw_reason(0, check=True)), READ),
        (pick(ONE, why=reason()), READ),
        (pick(ONE, why=reason(strategy="random")), READ),
        (replace(pick(ONE, why=reason()), n_demonstrations=5), READ),
    ],
)
def test_facts_are_the_same_for_a_check_example_and_any_other(
    shown: Pick | None, said: str
) -> None:
    assert facts(shown) == said


def test_by_what_an_example_came_is_not_said_while_check_examples_do() -> None:
    picks = [pick(ONE, why=reason()), pick(ONE, why=draw_reason(0, check=True)), None]
    said = {origin(READY, SelectionSettings(), one, tells_why=False) for one in picks}
    assert len(said) == 1
    assert "it is not said why" in said.pop()
    assert "Drawn at random with seed 0." in origin(READY, SelectionSettings(), picks[1])


def test_afterwards_it_is_said_that_it_was_one() -> None:
    said = why(drawn(ONE.id, 3, check=True), n_pool=9, choose_from=0, n_labels=0)
    assert said == "A check example, drawn at random (seed 3): never a demonstration."


def test_the_curve_tells_uncalibrated_figures_apart() -> None:
    raw = replace(FIGURES, with_labels=Right(6, 12), halves=Right(5, 12), n_half=8)
    lines = check_lines(known(replace(FIGURES, raw=raw)))
    assert lines[0] == (
        "Of 12 check examples, right with 16 of 0 labels .75 (.47–.91), right without labels "
        ".42 (.19–.68): 5 better, 1 worse. Uncalibrated, right with 16 of 0 labels .50 (.25–.75), "
        "right without labels .42 (.19–.68): 5 better, 1 worse."
    )
    assert "halves" in lines[1]
    same = check_lines(known(replace(FIGURES, raw=FIGURES)))
    assert same[0].endswith("5 better, 1 worse. Uncalibrated, the same.")


@pytest.mark.parametrize(
    ("calibrated", "said"),
    [
        (None, ""),
        (Uncalibrated.UNWANTED, "Answers are as the model gives them (--no-calibration)."),
        (
            Uncalibrated.FEW_LABELS,
            "Answers are as the model gives them: calibrated from 8 labels on.",
        ),
        (
            Calibration(
                (("x", "A"),), {}, {}, {"ham": 0.25, "spam": 0.75}, n_labels=12, n_sample=64
            ),
            "Answers are calibrated on 64 texts of the pool, with the classes expected as "
            "12 labels have them: spam .75, ham .25.",
        ),
        (
            Calibration(
                (("x", "A"),), {}, {}, dict.fromkeys("abcde", 0.2), n_labels=9, n_sample=40
            ),
            "Answers are calibrated on 40 texts of the pool, with the classes expected as "
            "9 labels have them: a .20, b .20, c .20, d .20, ….",
        ),
    ],
)
def test_what_calibrates_answers_is_said(
    calibrated: Calibration | Uncalibrated | None, said: str
) -> None:
    assert calibration(replace(known(), calibrated=calibrated)) == said


def test_each_reason_for_answers_as_they_are_has_its_words() -> None:
    told = {calibration(replace(known(), calibrated=why)) for why in Uncalibrated}
    assert len(told) == len(Uncalibrated)
