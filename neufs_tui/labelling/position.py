"""Where the annotator is: what holds of the journal, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from neufs_tui.core.counts import Counts, count
from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId
from neufs_tui.core.settings import Signal
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.statistics.track_record import signal_for


@dataclass(frozen=True, slots=True)
class Position:
    """The decisions that hold at one length of the journal."""

    revision: int
    decisions: tuple[Decision, ...]
    decided: frozenset[ExampleId]
    counts: Counts
    signals: tuple[Signal, Signal]
    """The difficulty signals for the example shown and for the next. Each is chosen by the labels
    there were when its example was looked for, which is one decision earlier: the next example
    is computed while this one is read."""

    @property
    def answers(self) -> dict[ExampleId, Answer]:
        """The answers that hold."""
        return {one.example_id: one.answer for one in self.decisions if one.answer is not None}


def position(workspace: Workspace) -> Position:
    """Read where the annotator is."""
    decisions = workspace.session.decisions()
    return Position(
        revision=workspace.session.revision(),
        decisions=decisions,
        decided=frozenset(decision.example_id for decision in decisions),
        counts=count(decisions, workspace.examples, workspace.task.label_names),
        signals=_signals(workspace, decisions),
    )


def _signals(workspace: Workspace, decisions: tuple[Decision, ...]) -> tuple[Signal, Signal]:
    wanted = workspace.selection.difficulty
    if wanted != "auto":
        return wanted, wanted
    labelled = workspace.session.decided()
    was_label = bool(decisions) and decisions[-1].kind is DecisionKind.LABEL
    before = labelled[:-1] if was_label else labelled
    return signal_for(wanted, before), signal_for(wanted, labelled)
