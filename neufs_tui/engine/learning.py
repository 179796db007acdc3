"""What the labels that hold teach of the pool: what calibrates the answers, and the estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.calibration import RAW, Offsets
from neufs_tui.core.estimated import Estimated
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.estimating import Estimates, Estimator
from neufs_tui.engine.protocol import Focus
from neufs_tui.selection.scanned_pool import ScannedPool


@dataclass(frozen=True, slots=True)
class Learned:
    """What some labels have taught."""

    offsets: Offsets = RAW
    estimates: Estimates | None = None
    """None before there are labels, or a strategy has begun."""


NOTHING = Learned()


class Learning:
    """Follows the annotator one decision behind where she is shown the next example.

    What follows an example was computed while it was on the screen, by the labels before it.
    """

    def __init__(self, calibrator: Calibrator, names: Sequence[str]) -> None:
        """Bind the labels.

        Args:
            calibrator: of the answers.
            names: of the labels, in their order.
        """
        self._calibrator = calibrator
        self._estimator = Estimator(calibrator, names)

    def follow(
        self,
        focus: Focus,
        pool: ScannedPool | None,
        scanned: Mapping[ExampleId, Capture],
        reread: Mapping[ExampleId, Capture],
    ) -> Learned:
        """What the labels teach that the choice for a focus goes by.

        Args:
            focus: where the annotator is.
            pool: what is ranked; None before a strategy has begun.
            scanned: what was read without demonstrations.
            reread: what was read with the present ones.
        """
        known = focus.decisions if focus.shown is not None else focus.decisions[:-1]
        basis = self._calibrator.basis(known, focus.held)
        estimates = None
        if pool is not None:
            estimates = self._estimator.estimate(pool, known, focus.held, scanned)
        return Learned(self._calibrator.offsets(basis, scanned, reread), estimates)


def estimated(
    estimates: Estimates, pool: ScannedPool, focus: Focus, names: Sequence[str]
) -> Estimated:
    """What is told of estimates.

    Args:
        estimates: of the labels of a pool.
        pool: the same.
        focus: whose labels these go by, with the check examples that are labelled.
        names: of the labels, in their order.
    """
    checked = [one.example_id for one in focus.decisions if one.check]
    places = {one: pool.place_of[one] for one in checked if one in pool.place_of}
    answers = estimates.probabilities.argmax(axis=1)
    return Estimated(
        revision=focus.revision,
        n_foretold=estimates.n_foretold,
        n_learned=estimates.n_learned,
        checks={one: names[answers[place]] for one, place in places.items()},
    )
