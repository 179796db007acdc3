"""How far she is, and how often the model would have said the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Decision, DecisionKind, ExampleId


@dataclass(frozen=True, slots=True)
class Counts:
    """Where she is in the pool: `labelled + skipped - removed + remaining` is its size."""

    labelled: int
    """Labels that hold, those of removed rows included."""
    skipped: int
    """Skips that hold, those of removed rows included."""
    remaining: int
    """Examples of the pool that are not decided."""
    removed: int
    """Decisions whose text is no longer in the pool."""
    by_label: Mapping[str, int]
    """Labels that hold, by name: the task's in its order, then others."""


class Agreement(NamedTuple):
    """The model's own answer, given before hers, against her label."""

    agreeing: int
    compared: int
    """Labelled examples that the model had answered, as `LabelledExample.agrees` says."""
    looked: int = 0
    """Labels that she gave after a look at it."""


def counts(
    decisions: Sequence[Decision], in_pool: Collection[ExampleId], label_names: Sequence[str]
) -> Counts:
    """Count what holds.

    Args:
        decisions: one for each decided example.
        in_pool: ids of the pool's examples, as a set.
        label_names: the task's labels, counted even when nobody has used them.
    """
    by_label = Counter(d.label for d in decisions if d.label is not None)
    kept = sum(decision.example_id in in_pool for decision in decisions)
    return Counts(
        labelled=by_label.total(),
        skipped=sum(decision.kind is DecisionKind.SKIP for decision in decisions),
        remaining=len(in_pool) - kept,
        removed=len(decisions) - kept,
        by_label={name: by_label[name] for name in dict.fromkeys([*label_names, *by_label])},
    )


def agreement(labelled: Sequence[LabelledExample]) -> Agreement:
    """Compare the answers shown with the labels given."""
    compared = [one.agrees for one in labelled if one.agrees is not None]
    return Agreement(sum(compared), len(compared), looked=sum(one.looked for one in labelled))
