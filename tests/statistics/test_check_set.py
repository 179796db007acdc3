"""With the labels and without, on the same examples."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.calibration import Offsets
from neufs_tui.core.check_readings import CheckReading
from neufs_tui.statistics.check_set import (
    MIN_CHECKED,
    CheckFigures,
    Right,
    check_figures,
)
from neufs_tui.statistics.intervals import share_interval

NAMES = ("yes", "no")


def scores(answer: str) -> tuple[float, float]:
    return (-0.1, -2.0) if answer == "yes" else (-2.0, -0.1)


def reading(number: int, without: str, with_labels: str | None) -> CheckReading:
    again = scores(with_labels) if with_labels is not None else None
    return CheckReading(str(number), scores(without), again)


def figures(*rows: tuple[str, str | None, str]) -> CheckFigures:
    """Of rows without labels, with them, and as the annotator has it."""
    return check_figures(
        [reading(number, *row[:2]) for number, row in enumerate(rows)],
        NAMES,
        {str(number): given for number, (_, _, given) in enumerate(rows)},
        n_labels=3,
        n_demonstrations=2,
    )


def test_both_are_counted_over_the_same_examples() -> None:
    found = figures(
        ("yes", "yes", "yes"),
        ("yes", "no", "no"),
        ("no", "yes", "yes"),
        ("no", "yes", "no"),
        ("no", "no", "other"),
    )
    assert (found.without, found.with_labels) == (Right(2, 4), Right(3, 4))
    assert (found.gained, found.lost) == (2, 1)
    assert (found.n_checked, found.n_labels, found.n_demonstrations) == (4, 3, 2)


def test_where_nothing_is_read_with_labels_only_the_other_is_known() -> None:
    found = figures(("yes", None, "yes"), ("yes", None, "no"))
    assert (found.without, found.with_labels) == (Right(1, 2), None)
    assert figures().with_labels is None and figures().n_checked == 0


def test_random_halves_are_the_mean_of_their_draws_over_the_same_examples() -> None:
    rows = [("no", ("yes", "yes", "no")), ("yes", ("no", "yes", "no")), ("no", ("no",) * 3)]
    found = check_figures(
        [
            replace(reading(number, without, "yes"), halves=tuple(map(scores, halves)))
            for number, (without, halves) in enumerate(rows)
        ],
        NAMES,
        {"0": "yes", "1": "yes", "2": "no"},
        n_labels=4,
        n_demonstrations=4,
        n_half=2,
    )
    assert (found.without, found.with_labels) == (Right(2, 3), Right(2, 3))
    assert found.halves is not None and found.n_half == 2
    assert (found.halves.part, found.halves.whole) == (pytest.approx(2 / 3 + 1 / 3 + 1), 3)
    assert figures(("yes", "yes", "yes")).halves is None


def test_an_example_without_a_label_is_passed_over() -> None:
    found = check_figures(
        [reading(0, "yes", "yes"), reading(1, "no", "no")],
        NAMES,
        {"1": "no", "7": "yes"},
        n_labels=1,
        n_demonstrations=1,
    )
    assert found.without == Right(1, 1)


@pytest.mark.parametrize(
    ("n", "tells"), [(0, False), (MIN_CHECKED - 1, False), (MIN_CHECKED, True)]
)
def test_few_examples_tell_nothing(n: int, tells: bool) -> None:
    assert figures(*[("yes", "no", "yes")] * n).tells is tells


ANSWERS = st.sampled_from(NAMES)


@given(st.lists(st.tuples(ANSWERS, ANSWERS, ANSWERS), min_size=1, max_size=40))
def test_what_was_gained_and_lost_is_the_difference(rows: list[tuple[str, str, str]]) -> None:
    found = figures(*rows)
    assert found.with_labels is not None
    assert found.with_labels.part - found.without.part == found.gained - found.lost
    assert found.with_labels.whole == found.without.whole == len(rows)
    low, high = found.without.interval
    assert low - 1e-9 <= found.without.share <= high + 1e-9
    assert (low, high) == share_interval(found.without.part, len(rows))


def test_calibrated_answers_are_counted_beside_the_same_as_they_were() -> None:
    read = [reading(0, "yes", "yes"), reading(1, "no", "yes"), reading(2, "yes", "no")]
    hers = {"0": "no", "1": "no", "2": "no"}
    shift = Offsets(scanned=(0.0, 5.0), reread=(5.0, 0.0))
    found = check_figures(read, NAMES, hers, n_labels=9, n_demonstrations=9, offsets=shift)
    assert (found.without, found.with_labels) == (Right(3, 3), Right(0, 3))
    assert (found.gained, found.lost) == (0, 3)
    plain = check_figures(read, NAMES, hers, n_labels=9, n_demonstrations=9)
    assert found.raw == plain and plain.raw is None
    assert (plain.without, plain.with_labels) == (Right(1, 3), Right(1, 3))


def test_random_halves_are_of_the_answers_as_they_are() -> None:
    read = [replace(reading(0, "yes", "yes"), halves=(scores("yes"), scores("no")))]
    shift = Offsets((0.0, 5.0), (0.0, 5.0))
    more = {"n_labels": 8, "n_demonstrations": 8, "n_half": 4}
    found = check_figures(read, NAMES, {"0": "yes"}, offsets=shift, **more)
    assert found.halves is None
    assert found.raw is not None and found.raw.halves == Right(0.5, 1)
