"""How well the annotator agrees with herself, which bounds what a model can be asked to reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neufs_tui.core.repeats import Repeat
from neufs_tui.statistics.intervals import share_interval


@dataclass(frozen=True, slots=True)
class SelfAgreement:
    """How often an example that was asked again got the label it had."""

    agreeing: int = 0
    compared: int = 0
    """Those that were given a label both times."""

    @property
    def share(self) -> float | None:
        """Of those compared; None while there are none."""
        return self.agreeing / self.compared if self.compared else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of that share."""
        return share_interval(self.agreeing, self.compared)


def self_agreement(repeats: Sequence[Repeat]) -> SelfAgreement:
    """Compare what was given twice."""
    both = [one for one in repeats if one.first is not None and one.second is not None]
    return SelfAgreement(sum(one.first == one.second for one in both), len(both))
