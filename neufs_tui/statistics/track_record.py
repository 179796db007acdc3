"""What the difficulty signals were worth on the annotator's labels, against the model's answers.

Both come from the moment an example was shown: the answer with the demonstrations there were,
and each signal's value beside the other examples read alike. So nothing here has seen the label.
Labels that she gave after a look at the answer do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.settings import DEFAULT_SIGNAL, SIGNALS, DifficultyName, Signal
from neufs_tui.statistics.auroc import Auroc, auroc

MIN_LABELS = 10
"""Labels with a known answer below which nothing is said about the signals."""

MIN_SIDE = 5
"""Right answers, and wrong ones, below which no signal is preferred."""


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How well each signal told right answers from wrong ones."""

    n_right: int
    n_wrong: int
    areas: Mapping[Signal, Auroc]
    """Empty below `MIN_LABELS` labels, and while all answers are right or all are wrong."""

    @property
    def n_compared(self) -> int:
        """Labels whose example the model had answered with all signals known."""
        return self.n_right + self.n_wrong

    def best(self) -> Signal | None:
        """The signal with the largest area, if even the lower end of its interval is above .5.

        None also while a side has fewer than `MIN_SIDE` labels: the best of five is then too
        easily the luckiest.
        """
        if not self.areas or min(self.n_right, self.n_wrong) < MIN_SIDE:
            return None
        # The measured default wins ties, as with two labels, where entropy and margin agree
        preferred = (DEFAULT_SIGNAL, *SIGNALS)
        best = max(preferred, key=lambda signal: self.areas[signal].value)
        return best if self.areas[best].low > 0.5 else None


def track_record(labelled: Sequence[LabelledExample]) -> TrackRecord:
    """Compare what was known of each example with the label it was given.

    Args:
        labelled: the labels that hold.
    """
    values: dict[bool, list[Mapping[Signal, float]]] = {True: [], False: []}
    for one in labelled:
        if one.pick is not None and one.pick.difficulty and one.agrees is not None:
            values[one.agrees].append(one.pick.difficulty)
    right, wrong = values[True], values[False]
    areas: dict[Signal, Auroc] = {}
    if len(right) + len(wrong) >= MIN_LABELS:
        for signal in SIGNALS:
            area = auroc([one[signal] for one in wrong], [one[signal] for one in right])
            if area is not None:
                areas[signal] = area
    return TrackRecord(len(right), len(wrong), areas)


def signal_for(wanted: DifficultyName, labelled: Sequence[LabelledExample]) -> Signal:
    """The signal to choose by.

    Args:
        wanted: a signal, or `auto`: the default until another has told right from wrong better
            than chance on the labels, then the one that does it best.
        labelled: the labels that hold.
    """
    if wanted != "auto":
        return wanted
    return track_record(labelled).best() or DEFAULT_SIGNAL
