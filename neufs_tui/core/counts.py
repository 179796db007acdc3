"""How far the annotator is in a pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from neufs_tui.core.records import Decision, DecisionKind, ExampleId


@dataclass(frozen=True, slots=True)
class Counts:
    """Decisions that hold; `pool` = `labelled` + `skipped` + `left`."""

    pool: int
    labelled: int
    """Labelled examples of this pool."""
    skipped: int
    """Skipped examples of this pool."""
    labels_elsewhere: int = 0
    """Labels kept for rows that are no longer in the pool."""
    skips_elsewhere: int = 0
    by_label: Mapping[str, int] = field(default_factory=dict)
    """Labels that hold, those kept for removed rows included, by name: the task's in its order,
    then others."""

    @property
    def left(self) -> int:
        """Examples of the pool without a decision."""
        return self.pool - self.labelled - self.skipped

    @property
    def n_labels(self) -> int:
        """Every label that holds: what the ranking and the export take into account."""
        return self.labelled + self.labels_elsewhere

    @property
    def elsewhere(self) -> int:
        """Decisions kept for rows that are no longer in the pool."""
        return self.labels_elsewhere + self.skips_elsewhere


def count(
    decisions: Sequence[Decision], in_pool: Collection[ExampleId], label_names: Sequence[str]
) -> Counts:
    """Count what holds.

    Args:
        decisions: one for each decided example.
        in_pool: ids of the pool's examples; `in` is to be fast.
        label_names: the task's labels, counted even when nobody has used them.
    """
    kinds = Counter((decision.kind, decision.example_id in in_pool) for decision in decisions)
    by_label = Counter(
        name for decision in decisions if decision.answer for name in decision.answer.labels
    )
    return Counts(
        pool=len(in_pool),
        labelled=kinds[DecisionKind.LABEL, True],
        skipped=kinds[DecisionKind.SKIP, True],
        labels_elsewhere=kinds[DecisionKind.LABEL, False],
        skips_elsewhere=kinds[DecisionKind.SKIP, False],
        by_label={name: by_label[name] for name in dict.fromkeys([*label_names, *by_label])},
    )
