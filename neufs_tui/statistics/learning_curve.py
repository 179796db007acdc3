"""How the model did against the annotator's labels as they came: the learning curve's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from neufs_tui.core.calibration import Calibration, Uncalibrated
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import ExampleId
from neufs_tui.core.repeats import Repeat
from neufs_tui.core.settings import DifficultyName, Signal
from neufs_tui.statistics.agreement import Agreement, self_agreement
from neufs_tui.statistics.check_set import CheckFigures, Right
from neufs_tui.statistics.stability import Change
from neufs_tui.statistics.standing import Standing, standing
from neufs_tui.statistics.track_record import TrackRecord, signal_for, track_record


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """Where things stood once one more label was given."""

    n_labels: int
    agreement: Agreement
    """Of the labels so far."""
    gain: int | None
    """Neurons that this example added to those switched on before; None if it is not scanned."""


def learning_curve(
    labelled: Sequence[LabelledExample], gains: Mapping[ExampleId, int]
) -> tuple[LearningPoint, ...]:
    """One point for each label.

    Args:
        labelled: the labels that hold, in labelling order.
        gains: neurons that each example added to the coverage.
    """
    points: list[LearningPoint] = []
    so_far = Agreement()
    for n_labels, one in enumerate(labelled, 1):
        so_far = so_far.after(one)
        points.append(LearningPoint(n_labels, so_far, gains.get(one.example.id)))
    return tuple(points)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the labels foretell by what the model holds of the texts, without a prompt."""

    labels: Right
    """Of those learned from, each foretold by the others."""
    checks: Right
    """Of the check examples, by all of those."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the labels have brought so far."""

    points: tuple[LearningPoint, ...]
    record: TrackRecord
    signal: Signal
    """The difficulty signal to choose the next example by."""
    follows: bool
    """Whether that signal follows the record."""
    rereads: bool
    """Whether answers are read again with new labels in the prompt."""
    changes: tuple[Change, ...]
    """What the last labels changed in the model's answers."""
    standing: Standing
    """What the labels are as a set, and whether they help."""
    answers: Mapping[str, int]
    """How often the model gave each answer, to the examples that are compared."""
    checks: tuple[CheckFigures, ...] = ()
    """What the check set said with the labels there were, the newest last."""
    n_checked: int = 0
    """Check examples that are labelled, or texts of the test."""
    test: str = ""
    """Name of the file that serves in the place of check examples; empty for none."""
    calibrated: Calibration | Uncalibrated | None = None
    """What calibrates the answers with the present labels; None while that is not known."""
    self_agreement: Agreement = field(default_factory=Agreement)
    """Of the annotator, on what she was asked again."""
    foretold: Foretold | None = None
    """None while nothing is learned from the labels."""


def learning_progress(
    labelled: Sequence[LabelledExample],
    *,
    difficulty: DifficultyName,
    gains: Mapping[ExampleId, int],
    rereads: bool,
    changes: Sequence[Change],
    label_names: Sequence[str],
    answers: Mapping[str, int],
    checks: Sequence[CheckFigures] = (),
    n_checked: int = 0,
    test: str = "",
    calibrated: Calibration | Uncalibrated | None = None,
    foretold: Foretold | None = None,
    repeats: Sequence[Repeat] = (),
) -> Progress:
    """Gather what is known.

    Args:
        labelled: the labels that hold, in labelling order.
        difficulty: the signal asked for.
        gains: neurons that each example added to the coverage.
        rereads: whether answers are read again with new labels in the prompt.
        changes: what the last labels changed in the model's answers.
        label_names: the task's.
        answers: how often the model gave each answer to undecided examples, with labels in its
            prompt; empty when that is not known.
        checks: what the check set said, the newest last.
        n_checked: check examples that are labelled, or texts of the test.
        test: name of the file that serves in the place of check examples; empty for none.
        calibrated: what calibrates the answers, or why nothing does; None while not known.
        foretold: what the labels foretell; None while nothing is learned from them.
        repeats: what was asked again.
    """
    return Progress(
        points=learning_curve(labelled, gains),
        record=track_record(labelled),
        signal=signal_for(difficulty, labelled),
        follows=difficulty == "auto",
        rereads=rereads,
        changes=tuple(changes),
        standing=standing(labelled, label_names, answers),
        answers=Counter(
            one.pick.answer
            for one in labelled
            if one.pick and one.pick.answer is not None and not one.looked
        ),
        checks=tuple(checks),
        n_checked=n_checked,
        test=test,
        calibrated=calibrated,
        foretold=foretold,
        self_agreement=self_agreement(repeats),
    )
