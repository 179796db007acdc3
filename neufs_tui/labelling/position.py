"""Where the annotator is: what holds of the journal, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neufs_tui.core.check_set import as_unlabelled, is_due, n_left
from neufs_tui.core.counts import Counts, count
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId
from neufs_tui.core.repeats import Repeat, due
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
    labelled: tuple[LabelledExample, ...]
    """Whose label holds, check examples too, in labelling order, with what was known then."""
    told: tuple[Decision, ...]
    """The decisions as the engine takes them."""
    n_checks_left: int = 0
    """Check examples that are still to be labelled."""
    is_check_due: bool = False
    """The next query is for the check set."""
    repeats: tuple[Repeat, ...] = ()
    """What was asked again."""
    due_again: ExampleId | None = None
    """The labelled example that is to be asked again now."""
    checked: Mapping[ExampleId, str] = field(default_factory=dict)
    """Check example → its label, where that was given without a look at the model's answer; with a
    test file, its texts and their gold labels."""

    @property
    def answers(self) -> dict[ExampleId, Answer]:
        """The labels that hold."""
        labels = (one for one in self.decisions if one.kind is DecisionKind.LABEL)
        return {one.example_id: one.answer for one in labels if one.answer is not None}


def position(workspace: Workspace) -> Position:
    """Read where the annotator is."""
    decisions = workspace.session.decisions()
    n_checks, seed = workspace.n_checks, workspace.selection.seed
    counts = count(decisions, workspace.examples, workspace.task.label_names)
    labelled = workspace.session.all_labelled()
    repeats = workspace.session.repeats()
    # others came in a way in which none comes any more
    may_be = {one.example.id for one in labelled if one.shown and one.pick and one.pick.is_ranked}
    may_be &= workspace.examples.keys()
    again = due(decisions, repeats, workspace.selection.again, seed, pool=may_be)
    return Position(
        revision=workspace.session.revision(),
        decisions=decisions,
        decided=frozenset(decision.example_id for decision in decisions),
        counts=counts,
        signals=_signals(workspace, decisions, labelled),
        labelled=labelled,
        told=as_unlabelled(decisions),
        n_checks_left=n_left(decisions, n_checks),
        is_check_due=is_due(decisions, n_checks, seed),
        repeats=repeats,
        due_again=again,
        checked=workspace.test.gold
        if workspace.test is not None
        else {
            one.example.id: one.answer.text
            for one in labelled
            if one.check and not one.looked and not one.flagged
        },
    )


def _signals(
    workspace: Workspace, decisions: tuple[Decision, ...], labelled: Sequence[LabelledExample]
) -> tuple[Signal, Signal]:
    wanted = workspace.selection.difficulty
    if wanted != "auto":
        return wanted, wanted
    shots = [one for one in labelled if one.is_shot]
    was_shot = bool(decisions) and decisions[-1].is_shot
    before = shots[:-1] if was_shot else shots
    return signal_for(wanted, before), signal_for(wanted, shots)
