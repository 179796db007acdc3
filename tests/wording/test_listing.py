"""The list of all examples in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.labelling.listing import ListedExample
from neufs_tui.wording import listing as wording
from tests.fakes import LABELS, example, pick

ONE = example(1199, "a\ttext\nof two lines")
WITHOUT, WITH = (label.name for label in LABELS)


def labelled(
    seconds: float | None = 7.4, answer: str = WITH, *, check: bool = False
) -> ListedExample:
    given = LabelledExample(ONE, Answer(answer), 1, pick=pick(ONE), seconds=seconds)
    decision = Decision(ONE.id, DecisionKind.LABEL, Answer(answer), check)
    return ListedExample(ONE, decision, given)


def test_a_row_has_a_cell_under_each_heading() -> None:
    cells = wording.cells(labelled())
    assert cells == ("#1,200", WITH, f"≠ {WITHOUT}", "7", "", "a text of two lines")
    assert len(cells) == len(wording.HEADINGS)
    assert wording.cells(labelled(answer=WITHOUT))[2] == f"  {WITHOUT}"


@pytest.mark.parametrize(("seconds", "said"), [(None, ""), (0.4, "0"), (60.0, "60"), (61.0, "60+")])
def test_seconds_are_those_at_work(seconds: float | None, said: str) -> None:
    assert wording.cells(labelled(seconds))[3] == said


def test_flags_notes_and_check_examples_have_signs() -> None:
    assert wording.cells(replace(labelled(check=True), flagged=True, note="x"))[4] == "fnc"


def test_a_label_that_was_given_elsewhere_is_not_yours() -> None:
    listed = labelled(None)
    assert listed.decision is not None
    given = replace(listed, decision=replace(listed.decision, given="theirs.csv"))
    assert wording.cells(given)[4] == "g"
    assert wording.facts(given, 2000)[1] == f"given by theirs.csv: {WITH}"


def test_what_is_no_label_says_so_and_tells_no_answer_of_the_model() -> None:
    skipped = ListedExample(ONE, Decision(ONE.id, DecisionKind.SKIP))
    accepted = ListedExample(ONE, Decision(ONE.id, DecisionKind.ACCEPT, Answer(WITH)))
    assert [wording.cells(one)[1:4] for one in (ListedExample(ONE), skipped, accepted)] == [
        *(("", "", ""), ("skipped", "", "")),
        (f"({WITH})", "", ""),
    ]


def test_what_was_opened_is_told_with_the_second_answer_where_that_was_another() -> None:
    known = replace(labelled(), second=Answer(WITHOUT))
    assert wording.facts(known, 2000) == (
        *("#1,200 of 2,000", f"you: {WITH}", f"second time: {WITHOUT}"),
        *(f"model: {WITHOUT}", "7 s"),
    )
    assert wording.facts(ListedExample(ONE), 2000)[1] == "not decided"


@pytest.mark.parametrize(
    ("n", "n_marked", "said"),
    [(9, 0, "9 examples"), (1, 0, "1 of 9"), (3, 2, "2 marked · 3 of 9")],
)
def test_how_many_are_listed_and_marked(n: int, n_marked: int, said: str) -> None:
    assert wording.found(n, 9, n_marked) == said


def test_marks_that_are_not_listed_are_told() -> None:
    assert wording.found(3, 9, 2, 1) == "2 marked (1 not listed) · 3 of 9"
    asked = wording.bulk_question(3, {"a": 3}, 0, 2)
    assert asked == "change 3 answers (3 a, 2 not listed now) to which label?"


def test_a_change_of_many_is_asked_with_what_they_are_now() -> None:
    assert wording.bulk_question(3, {"a": 2, "skipped": 1}, 0) == (
        "change 3 answers (2 a, 1 skipped) to which label?"
    )
    assert wording.bulk_question(1, {"a": 1}, 4).endswith("?; 4 without one stay so")
