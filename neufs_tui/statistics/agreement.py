"""The model's own answers against the annotator's labels, and her labels against themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.repeats import Repeat
from neufs_tui.statistics.intervals import share_interval


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the two were the same."""

    agreeing: int = 0
    compared: int = 0
    """Labelled examples that the model had answered, as `LabelledExample.agrees` says; of the
    annotator with herself, examples that were given a label both times."""
    looked: int = 0
    """Labels that were given after a look at the model's answer."""

    @property
    def share(self) -> float | None:
        """Of the answers compared; None while there are none."""
        return self.agreeing / self.compared if self.compared else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of that share."""
        return share_interval(self.agreeing, self.compared)

    def after(self, one: LabelledExample) -> Agreement:
        """With one more label."""
        return Agreement(
            self.agreeing + bool(one.agrees),
            self.compared + (one.agrees is not None),
            self.looked + one.looked,
        )


def agreement(labelled: Sequence[LabelledExample]) -> Agreement:
    """Compare the answers with the labels that hold."""
    found = Agreement()
    for one in labelled:
        found = found.after(one)
    return found


def self_agreement(repeats: Sequence[Repeat]) -> Agreement:
    """How often an example that was asked again got the label it had."""
    both = [one for one in repeats if one.first is not None and one.second is not None]
    return Agreement(sum(one.first == one.second for one in both), len(both))
