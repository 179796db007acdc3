"""What the annotator's commands do to the session, each told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from neufs_tui.core.records import Answer, DecisionKind, Example, ExampleId
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.progress import standing
from neufs_tui.statistics.stability import stable
from neufs_tui.wording import amended, sentences
from neufs_tui.wording.learning_curve import stable_now
from neufs_tui.wording.standing import finish, gist


class Commands:
    """Moves the loop on; each command returns what the line that answers keys says of it."""

    def __init__(self, loop: LabellingLoop, keys: Mapping[str, str]) -> None:
        """Bind the loop.

        Args:
            loop: where the annotator is.
            keys: command → the key to name.
        """
        self._loop = loop
        self.keys = keys
        """Command → the key to name."""
        self._is_stable = False
        """Whether it was told that labels change next to nothing, and still is so."""
        self._told: object = None
        """What was told of the few-shot set last, since there are as many labels as wanted."""

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
        done = sentences.decided(shown.example, decision, pick, undo=self.keys["undo"])
        return "\n".join([done, *(self._reached() if decision.is_shot else [])])

    def undo(self) -> str:
        """Take the last decision back.

        Raises:
            SessionError: that could not be stored.
        """
        undone = self._loop.undo()
        if not undone:
            return "nothing to undo"
        example = self._loop.workspace.examples.get(undone[-1].example_id)
        return amended.undone(example, undone[-1], len(undone), redo=self.keys["redo"])

    def redo(self) -> str:
        """Bring back what was undone last.

        Raises:
            SessionError: that could not be stored.
        """
        redone = self._loop.redo()
        if not redone:
            return "nothing to redo"
        example = self._loop.workspace.examples.get(redone[-1].example_id)
        return amended.redone(example, redone[-1], len(redone), undo=self.keys["undo"])

    def give(self, example: Example, answer: Answer | None) -> str:
        """Give an example another answer in its place, or its first; None is a skip.

        Raises:
            SessionError: that could not be stored.
        """
        if example.id in self._loop.position.decided:
            return self.change({example.id: answer})
        kind = DecisionKind.SKIP if answer is None else DecisionKind.LABEL
        decision = self._loop.decide(kind, answer, example_id=example.id)
        assert decision is not None  # as it was named
        return sentences.decided(example, decision, undo=self.keys["undo"])

    def change(self, answers: Mapping[ExampleId, Answer | None]) -> str:
        """Give decided examples one other answer, each in its place.

        Raises:
            SessionError: that could not be stored.
        """
        made = self._loop.change(answers)
        (answer,) = {*answers.values()}
        return amended.changed(made, answer, n_asked=len(answers), undo=self.keys["undo"])

    def flag(self, example: Example) -> str:
        """Flag an example, or flag it no longer.

        Raises:
            SessionError: that could not be stored.
        """
        is_flagged = self._loop.flag(example.id)
        return amended.flagged(example, is_flagged=is_flagged, undo=self.keys["undo"])

    def note_on(self, example: Example) -> str:
        """What is noted of an example."""
        return self._loop.workspace.session.notes().get(example.id, "")

    def note(self, example: Example, note: str) -> str:
        """Write something of an example.

        Raises:
            SessionError: that could not be stored.
        """
        if not self._loop.note(example.id, note):
            return ""
        return amended.noted(example, note, undo=self.keys["undo"])

    def offer(self) -> str:
        """Have what was skipped offered again.

        Raises:
            SessionError: that could not be stored.
        """
        return amended.offered(len(self._loop.offer_skipped()), undo=self.keys["undo"])

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
        if (said := self._finish()) is not None:
            return [said]  # there is room for one
        rescored = self._loop.engine.rescored
        if rescored is None:
            return []
        found = stable(rescored.changes)
        was_stable, self._is_stable = self._is_stable, found is not None
        if found is None or was_stable:
            return []
        return [stable_now(found, curve=self.keys["curve"])]

    def _finish(self) -> str | None:
        """What the few-shot set is, once it has its size, whenever that is another than before."""
        if self._loop.counts.n_labels < self._loop.workspace.selection.shots:
            self._told = None
            return None
        now = standing(self._loop)
        before, self._told = self._told, gist(now)
        if self._told == before:
            return None
        how = f" {sentences.how_to_write(self.keys['export'])}" if before is None else ""
        return f"{finish(now)}{how}"
