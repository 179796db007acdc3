"""What is worth a line of its own once a label is given."""

from __future__ import annotations

from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.statistics.stability import stable
from neufs_tui.wording.learning_curve import stable_now
from neufs_tui.wording.sentences import shots_reached


class Milestones:
    """Says each thing when it comes to be so, not again while it stays so."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._is_stable = False

    def reached(self, loop: LabellingLoop) -> list[str]:
        """The lines that the label just given has earned.

        Args:
            loop: as it is once the label is stored.
        """
        lines = []
        shots = loop.workspace.selection.shots
        if loop.counts.n_labels == shots:
            lines.append(shots_reached(shots))
        rescored = loop.engine.rescored
        if rescored is not None:
            found = stable(rescored.changes)
            if found is not None and not self._is_stable:
                lines.append(stable_now(found))
            self._is_stable = found is not None
        return lines
