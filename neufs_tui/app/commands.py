"""What the annotator's commands do to the session, each told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from neufs_tui.core.records import Answer, DecisionKind
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.statistics.stability import stable
from neufs_tui.wording import sentences
from neufs_tui.wording.learning_curve import stable_now


class Commands:
    """Moves the loop on; each command returns what the line that answers keys says of it."""

    def __init__(self, loop: LabellingLoop, keys: Mapping[str, str]) -> None:
        """Bind the loop.

        Args:
            loop: where the annotator is.
            keys: command → the key to name.
        """
        self._loop = loop
        self._keys = keys
        self._is_stable = False
        """Whether it was told that labels change next to nothing, and still is so."""

    def decide(self, answer: Answer | None, *, seconds: float | None) -> str | None:
        """Label the example shown, or skip it without an answer; None when nothing is shown.

        Raises:
            SessionError: it could not be stored, and nothing has moved.
        """
        shown = self._loop.shown
        kind = DecisionKind.SKIP if answer is None else DecisionKind.LABEL
        decision = self._loop.decide(kind, answer, seconds=seconds)
        if shown is None or decision is None:
            return None
        pick = self._loop.done.pick if self._loop.done else None
        done = sentences.decided(shown.example, decision, pick, undo=self._keys["undo"])
        return "\n".join([done, *(self._reached() if decision.is_shot else [])])

    def undo(self) -> str:
        """Take the last decision back.

        Raises:
            SessionError: that could not be stored.
        """
        decision = self._loop.undo()
        if decision is None:
            return "nothing to undo"
        example = self._loop.workspace.examples.get(decision.example_id)
        return sentences.undone(example, decision, redo=self._keys["redo"])

    def redo(self) -> str:
        """Bring back what was undone last.

        Raises:
            SessionError: that could not be stored.
        """
        decision = self._loop.redo()
        if decision is None:
            return "nothing to redo"
        example = self._loop.workspace.examples.get(decision.example_id)
        return sentences.redone(example, decision, undo=self._keys["undo"])

    def look(self) -> str:
        """Show the model's answer to the example shown, which is recorded.

        Raises:
            SessionError: that could not be stored.
        """
        pick = self._loop.look()
        if pick is None:
            return "the model has not answered this one yet"
        return sentences.model_says(pick, self._loop.workspace.task.label_names)

    def _reached(self) -> list[str]:
        """What the label just given has reached, each thing said when it comes to be so."""
        lines = []
        shots = self._loop.workspace.selection.shots
        if self._loop.counts.n_labels == shots:
            lines.append(sentences.shots_reached(shots, leave=self._keys["quit"]))
        rescored = self._loop.engine.rescored
        if rescored is not None:
            found = stable(rescored.changes)
            if found is not None and not self._is_stable:
                lines.append(stable_now(found, curve=self._keys["curve"]))
            self._is_stable = found is not None
        return lines
