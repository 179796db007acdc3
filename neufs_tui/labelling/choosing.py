"""What is shown next: a check example where one is due, what the engine wants, or a random draw."""

from __future__ import annotations

from dataclasses import replace

from neufs_tui.core.records import Example, ExampleId, Pick
from neufs_tui.engine.protocol import Ranked
from neufs_tui.labelling.engine_view import EngineView
from neufs_tui.labelling.look_ahead import LookAhead
from neufs_tui.labelling.position import Position
from neufs_tui.labelling.shown import Shown
from neufs_tui.labelling.workspace import Workspace


class Choosing:
    """Chooses by the newest that the engine has said, and goes on without it."""

    def __init__(self, engine: EngineView, *, waits: bool) -> None:
        """Bind what is known of the engine.

        Args:
            engine: the newest that it has said.
            waits: nothing is shown of its own accord until a strategy has chosen.
        """
        self.ahead = LookAhead()
        self._engine = engine
        self._waits = waits

    def next(self, workspace: Workspace, here: Position) -> Shown | None:
        """What is to be shown now; None where that is for the engine to say."""
        if (again := self.asked_again(workspace, here)) is not None:
            return again
        is_early = not self._engine.has_chosen and not self._waits
        if self._is_check_due(here) or (is_early and here.n_checks_left):
            due = self.drawn(workspace, here)
            knows_it = due is not None and due.pick is not None and due.pick.answer is not None
            if knows_it or not self._waits or self._engine.is_away:
                return due
            return None
        for pick in (*self.ahead.picks, *self._engine.queue()):
            if shown := undecided(workspace, here, pick.example_id, pick):
                return shown
        return self.drawn(workspace, here) if is_early or self._engine.is_away else None

    def coming(
        self, workspace: Workspace, here: Position, shown: ExampleId | None, n: int
    ) -> list[tuple[Example, Pick]]:
        """What would come next by what is known, should the example shown be labelled."""
        ranked = self._engine.ranked_for(here.revision, shown)
        ahead: tuple[Pick | None, ...] = self.ahead.picks
        if ranked is not None:
            ahead = (ranked.pick, ranked.after_label, *ranked.further_after_label)
        found: dict[ExampleId, tuple[Example, Pick]] = {}
        for pick in (*ahead, *self._engine.queue()):
            if pick is None or pick.example_id == shown:
                continue
            if (one := undecided(workspace, here, pick.example_id, pick)) is not None:
                found.setdefault(pick.example_id, (one.example, pick))
        return [*found.values()][:n]

    def wanted(self, workspace: Workspace, here: Position, ranked: Ranked) -> Shown | None:
        """What is to be shown by a new ranking, where nothing is; None while nothing is scanned."""
        if (again := self.asked_again(workspace, here)) is not None:
            return again
        pick = ranked.pick
        is_draw = pick is not None and not pick.is_ranked
        if self._is_check_due(here) or (is_draw and here.n_checks_left):
            return self.drawn(workspace, here)
        shown = undecided(workspace, here, pick.example_id, pick) if pick else None
        return self.drawn(workspace, here) if shown is None and ranked.complete else shown

    def asked_again(self, workspace: Workspace, here: Position) -> Shown | None:
        """A labelled example that is to be asked again, as it was shown; not during a hunt."""
        if here.due_again is None or self._engine.hunted is not None:
            return None
        example = workspace.examples[here.due_again]
        if (pick := workspace.session.pick_of(here.due_again)) is not None:
            # how many labels it was chosen with would give it away
            pick = replace(pick, n_labelled=here.counts.shots_here, n_unscanned=0)
        return Shown(example, pick, again=True)

    def _is_check_due(self, here: Position) -> bool:
        """Whether the next is for the check set, which a hunt does not look for."""
        return here.is_check_due and self._engine.hunted is None

    def drawn(self, workspace: Workspace, here: Position) -> Shown | None:
        """The next random draw, for the check set until that is whole; None when all is decided."""
        for pick in workspace.draws.next(here.decided, check=bool(here.n_checks_left)):
            known = self._engine.held(pick.example_id) if pick.is_check else None
            return Shown(workspace.examples[pick.example_id], known or pick)
        return None


def undecided(
    workspace: Workspace, here: Position, example_id: ExampleId, pick: Pick | None
) -> Shown | None:
    """An example to show; None when it is decided, or no longer in the pool."""
    example = workspace.examples.get(example_id)
    if example is None or example_id in here.decided:
        return None
    return Shown(example, pick)
