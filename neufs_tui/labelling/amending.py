"""What the annotator does beside deciding on the example shown: changes, flags, notes, offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId, Mark, MarkKind
from neufs_tui.labelling.position import position
from neufs_tui.labelling.showing import Showing

if TYPE_CHECKING:
    from neufs_tui.storage.given_labels import Matched


class Amending(Showing):
    """Amends the session; what is shown stays, unless it is decided by that.

    Whatever fails to be stored raises SessionError, and nothing has changed.
    """

    def change(self, answers: Mapping[ExampleId, Answer | None]) -> tuple[Decision, ...]:
        """Decide anew on decided examples, each in the place it has, all at once.

        Args:
            answers: example → its label from here on; None for a skip.

        Returns:
            What was stored.
        """
        made = self.workspace.session.change(answers, revealed=frozenset(self._revealed))
        if made:
            self._revealed |= {one.example_id for one in made}
            self._amended()
        return made

    def take_given(self, found: Matched) -> tuple[Decision, ...]:
        """Take labels that were given elsewhere, all at once; what is decided stays as it is.

        Returns:
            What was stored.
        """
        decided = self.position.decided
        answers = {one: answer for one, answer in found.taken.items() if one not in decided}
        if not answers:
            return ()
        made = self.workspace.session.record_given(answers, found.name)
        self._amended()
        return made

    def flag(self, example_id: ExampleId) -> bool:
        """Flag an example, or flag it no longer; whether it is flagged now."""
        is_flagged = example_id in self.workspace.session.flagged()
        kind = MarkKind.UNFLAG if is_flagged else MarkKind.FLAG
        self._mark([Mark(example_id, kind)])
        return not is_flagged

    def note(self, example_id: ExampleId, text: str) -> bool:
        """Write something of an example; whether that is another note than before."""
        text = text.strip()
        if text == self.workspace.session.notes().get(example_id, ""):
            return False
        self._mark([Mark(example_id, MarkKind.NOTE, text)])
        return True

    def offer_skipped(self) -> list[Mark]:
        """Have what was skipped offered again, as if it never was; what was stored."""
        skipped = [
            Mark(one.example_id, MarkKind.OFFER)
            for one in self.position.decisions
            if one.kind is DecisionKind.SKIP and one.example_id in self.workspace.examples
        ]
        if skipped:
            self._mark(skipped)
        return skipped

    def _mark(self, marks: Sequence[Mark]) -> None:
        self.workspace.session.mark(marks)
        self._amended()

    def _amended(self) -> None:
        """Go on after something was stored that was no decision on the example shown."""
        told, self.position = self.position.told, position(self.workspace)
        if self.position.told[: len(told)] != told:  # not only more than before
            self.engine.turn_back(self.position.revision)
        self.done = None
        self._displaced.clear()
        self._choosing.ahead.turn_back()
        self._stay_or_go_on()
        self._tell()

    def _stay_or_go_on(self) -> None:
        """Keep what is shown, and have a restart show it too; show the next where it is decided."""
        if self.shown is None or self.shown.example.id in self.position.decided:
            self._show(self._next())
        else:
            self.painted()
