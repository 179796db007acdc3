"""What is worth a line of its own once a label is given."""

from __future__ import annotations

from neufs_tui.app.flow import Flow
from neufs_tui.app.progress import stable_now
from neufs_tui.app.sentences import shots_reached
from neufs_tui.statistics.stability import stable


class Milestones:
    """Says each thing when it comes to be so, not again while it stays so."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._is_stable = False

    def reached(self, flow: Flow) -> list[str]:
        """The lines that the label just given has earned.

        Args:
            flow: as it is once the label is stored.
        """
        lines = []
        shots = flow.workspace.selection.shots
        if flow.counts.n_labels == shots:
            lines.append(shots_reached(shots))
        rescored = flow.heard.rescored
        if rescored is not None:
            found = stable(rescored.changes)
            if found is not None and not self._is_stable:
                lines.append(stable_now(found))
            self._is_stable = found is not None
        return lines
