"""The model's own answers, given before the annotator's, against her labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.statistics.intervals import share_interval


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often the two were the same."""

    agreeing: int = 0
    compared: int = 0
    """Labelled examples that the model had answered, as `LabelledExample.agrees` says."""
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
