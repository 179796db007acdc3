"""Whether labels help is said only when it can be told, however often one looks."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer
from neufs_tui.statistics.paired import Paired, Verdict, paired
from tests.statistics.test_track_record import labelled


def both_ways(
    place: int, hers: str, with_labels: str, without: str | None, *, n_demonstrations: int = 3
) -> LabelledExample:
    """A label beside the model's two answers."""
    one = labelled(place, right=True)
    assert one.pick is not None
    answered = replace(
        one.pick, answer=with_labels, scan_answer=without, n_demonstrations=n_demonstrations
    )
    return replace(one, answer=Answer(hers), pick=answered)


def test_the_two_answers_are_compared_on_the_same_examples() -> None:
    given_labels = [
        both_ways(0, "A", "A", "A"),
        both_ways(1, "A", "A", "B"),
        both_ways(2, "B", "B", "A"),
        both_ways(3, "A", "B", "A"),
        both_ways(4, "A", "B", "B"),
    ]
    found = paired(given_labels)
    assert found == Paired(compared=5, with_labels=3, gained=2, lost=1)
    assert found.without_labels == 2


@pytest.mark.parametrize(
    "left_out",
    [
        both_ways(0, "A", "A", None),
        both_ways(0, "A", "A", "A", n_demonstrations=0),
        replace(both_ways(0, "A", "A", "B"), looked=True),
        both_ways(0, "C", "A", "B"),
        replace(both_ways(0, "A", "A", "B"), pick=None),
    ],
    ids=["scan not known", "read without labels", "looked", "a label since", "named by id"],
)
def test_what_cannot_be_compared_is_left_out(left_out: LabelledExample) -> None:
    assert paired([left_out]) == Paired()
    assert paired([left_out]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("gained", "lost", "compared", "expected"),
    [
        (5, 1, 15, Verdict.TOO_FEW),
        (7, 0, 15, Verdict.TOO_FEW),
        (8, 0, 15, Verdict.HELP),
        (0, 8, 15, Verdict.HARM),
        (11, 1, 15, Verdict.HELP),
        (0, 0, 49, Verdict.TOO_FEW),
        (0, 0, 50, Verdict.NO_DIFFERENCE),
        (20, 18, 60, Verdict.NO_DIFFERENCE),
        (900, 600, 2_000, Verdict.HELP),
    ],
)
def test_the_verdict_rests_on_the_answers_that_turned(
    gained: int, lost: int, compared: int, expected: Verdict
) -> None:
    assert Paired(compared, gained, gained, lost).verdict is expected


@given(st.integers(0, 60), st.integers(0, 60))
def test_help_and_harm_mirror_each_other(gained: int, lost: int) -> None:
    turned = {Verdict.HELP: Verdict.HARM, Verdict.HARM: Verdict.HELP}
    there = Paired(200, 100, gained, lost).verdict
    back = Paired(200, 100, lost, gained).verdict
    assert back is turned.get(there, there)


def test_looking_after_each_label_seldom_finds_what_is_not_there() -> None:
    rng = random.Random(0)

    def errs() -> bool:
        gains = accumulate(rng.random() < 0.5 for _ in range(200))
        return any(
            Paired(200, 100, gained, n - gained).verdict in (Verdict.HELP, Verdict.HARM)
            for n, gained in enumerate(gains, 1)
        )

    assert sum(errs() for _ in range(400)) <= 0.05 * 400


def test_answers_are_compared_as_the_model_gave_them_too() -> None:
    """Calibration turned one answer; without it the labels changed nothing."""
    plain = both_ways(0, "A", "A", "B")
    assert plain.pick is not None
    no, yes = {"A": -2.0, "B": -1.0}, {"A": -1.0, "B": -2.0}
    kept = [
        replace(plain, pick=replace(plain.pick, calibrated=True, scores=one, scan_scores=no))
        for one in (no, yes)
    ]
    assert paired(kept) == Paired(compared=2, with_labels=2, gained=2, lost=0)
    assert paired(kept, raw=True) == Paired(compared=2, with_labels=1, gained=1, lost=0)
    assert paired([plain], raw=True) == Paired()
