"""Whether the model gives one answer to everything, whatever the labels in its prompt are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neufs_tui.core.labelled import LabelledExample

MIN_ANSWERS = 50
"""Answers below which nothing is said."""
NEARLY_ALL = 0.95
"""Share of them that has to be one label."""
MIN_EACH = 2
"""Labels of each of two classes, and texts of others than that label, below which the fault may
be the set's."""
MISSED = 0.9
"""Share of those texts that the model has to have given that label."""


@dataclass(frozen=True, slots=True)
class OneAnswer:
    """The model answers nearly everything alike."""

    answer: str
    n_times: int
    n_answers: int
    """Undecided examples that it has answered with labels in the prompt."""
    n_missed: int
    """How often it had given that answer to those labelled otherwise."""
    n_otherwise: int
    """Examples labelled otherwise that it had answered before, as `LabelledExample.agrees` says."""
    separates: bool
    """Whether it may still tell the classes apart: the labels are too few or too much alike to
    say that it does not, or it was right where they differ, as where a class is rare."""


def one_answer(
    answers: Mapping[str, int], labelled: Sequence[LabelledExample], by_class: Mapping[str, int]
) -> OneAnswer | None:
    """Look whether the model answers nearly everything alike.

    Args:
        answers: how often it gave each answer to undecided examples, with labels in its prompt.
        labelled: the labels that hold.
        by_class: labels of each of the task's labels.

    Returns:
        None while fewer than `MIN_ANSWERS` are known, and where they are not all alike.
    """
    n_answers = sum(answers.values())
    if n_answers < MIN_ANSWERS:
        return None
    answer, n_times = max(answers.items(), key=lambda item: item[1])
    if n_times < NEARLY_ALL * n_answers:
        return None
    others = [
        one.pick.answer
        for one in labelled
        if one.answer.text != answer and one.pick is not None and one.agrees is not None
    ]
    n_missed = sum(other == answer for other in others)
    has_classes = sum(n >= MIN_EACH for n in by_class.values()) >= 2
    is_missing = len(others) >= MIN_EACH and n_missed >= MISSED * len(others)
    return OneAnswer(
        answer, n_times, n_answers, n_missed, len(others), not (has_classes and is_missing)
    )
