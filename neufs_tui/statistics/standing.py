"""What a few-shot set has of each class, and what it is known to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.labelled import LabelledExample, class_counts
from neufs_tui.statistics.one_answer import OneAnswer, one_answer
from neufs_tui.statistics.paired import Paired, paired


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a few-shot set stands."""

    n_labels: int
    by_class: Mapping[str, int]
    """Labels that hold of each of the task's labels, in its order."""
    paired: Paired
    """Whether they help."""
    one_answer: OneAnswer | None
    """Whether the model answers all alike; None when it does not, or that is not known."""
    paired_raw: Paired | None = None
    """Whether they help, by the answers as the model gave them; None where none was calibrated."""


def standing(
    labelled: Sequence[LabelledExample],
    label_names: Sequence[str],
    answers: Mapping[str, int],
) -> Standing:
    """Gather what is known.

    Args:
        labelled: the labels that hold.
        label_names: the task's.
        answers: how often the model gave each answer to undecided examples, with labels in its
            prompt; empty when that is not known.
    """
    by_class = class_counts(labelled, label_names)
    is_calibrated = any(one.pick is not None and one.pick.calibrated for one in labelled)
    return Standing(
        n_labels=len(labelled),
        by_class=by_class,
        paired=paired(labelled),
        paired_raw=paired(labelled, raw=True) if is_calibrated else None,
        one_answer=one_answer(answers, labelled, by_class),
    )
