"""How often the model is right on the check examples, with the labels in its prompt and without.

Both are read on the same examples, none of which is in the prompt, so that the two compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.calibration import RAW, Offsets, Shift
from neufs_tui.core.check_readings import CheckReading
from neufs_tui.core.records import ExampleId
from neufs_tui.statistics.intervals import share_interval

MIN_CHECKED = 10
"""Check examples below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Right:
    """How many answers were the annotator's."""

    part: float
    """The mean of several draws of a set, where there are such."""
    whole: int

    @property
    def share(self) -> float:
        """Of them; 0 where there are none."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of that share."""
        return share_interval(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """What the check set says at some number of labels."""

    n_labels: int
    """Labels there were."""
    n_demonstrations: int
    """Labels in the prompt."""
    without: Right
    with_labels: Right | None
    """Over the same examples; None where nothing was read with labels."""
    gained: int = 0
    """Right with the labels, wrong without."""
    lost: int = 0
    """Wrong with the labels, right without."""
    halves: Right | None = None
    """With random halves of the labels, over the same examples, the mean of the draws; None where
    that is not read."""
    n_half: int = 0
    """Labels in each of them."""

    raw: CheckFigures | None = None
    """Of the same answers before they were calibrated; None where they are not."""

    @property
    def n_checked(self) -> int:
        """Examples compared."""
        return self.without.whole

    @property
    def tells(self) -> bool:
        """Whether they are enough to say anything."""
        return self.n_checked >= MIN_CHECKED


def check_figures(
    readings: Sequence[CheckReading],
    names: Sequence[str],
    given: Mapping[ExampleId, str],
    *,
    n_labels: int,
    n_demonstrations: int,
    n_half: int = 0,
    offsets: Offsets = RAW,
) -> CheckFigures:
    """Compare readings with what the annotator said.

    Args:
        readings: all with the same demonstrations.
        names: of the labels, in the order of the scores.
        given: check example → its label; examples and labels that the readings do not know are
            passed over.
        n_labels: labels there were when they were read.
        n_demonstrations: labels in the prompt.
        n_half: labels in each random half; 0 where none is read.
        offsets: what calibrates the answers; where it does, they are compared as they are too.
    """
    raw: CheckFigures | None = None
    if offsets != RAW:
        # what was read behind halves has no offsets of its own
        raw = check_figures(
            readings,
            names,
            given,
            n_labels=n_labels,
            n_demonstrations=n_demonstrations,
            n_half=n_half,
        )
        n_half = 0
    known = [one for one in readings if given.get(one.example_id) in names]
    without = [_best(one.without, offsets.scanned, names) == given[one.example_id] for one in known]
    again = [
        _best(one.with_labels, offsets.reread, names) == given[one.example_id]
        for one in known
        if one.with_labels is not None
    ]
    is_paired = bool(known) and len(again) == len(known)
    halves = [
        sum(_best(scores, None, names) == given[one.example_id] for scores in one.halves)
        / len(one.halves)
        for one in known
        if one.halves
    ]
    pairs = list(zip(without, again, strict=True)) if is_paired else []
    return CheckFigures(
        n_labels=n_labels,
        n_demonstrations=n_demonstrations,
        without=Right(sum(without), len(known)),
        with_labels=Right(sum(again), len(known)) if is_paired else None,
        gained=sum(after and not before for before, after in pairs),
        lost=sum(before and not after for before, after in pairs),
        halves=Right(sum(halves), len(known)) if n_half and known else None,
        n_half=n_half,
        raw=raw,
    )


def _best(scores: Sequence[float], shift: Shift | None, names: Sequence[str]) -> str:
    """The label with the largest score; ties go to the first, as the model's answers do."""
    added = shift or (0.0,) * len(scores)
    return names[max(range(len(scores)), key=lambda at: scores[at] + added[at])]
