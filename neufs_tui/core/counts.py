"""How far the annotator is in a pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

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
    checked: int = 0
    """Of `labelled`, the check examples."""
    checked_elsewhere: int = 0
    """The same of `labels_elsewhere`."""
    by_label: Mapping[str, int] = field(default_factory=dict)
    """Labels that hold, those kept for removed rows included and those of check examples not, by
    name: the task's in its order, then others."""
    n_classes: int = 0
    """How many of those names are the task's."""

    @property
    def by_class(self) -> dict[str, int]:
        """Labels that hold of each of the task's labels."""
        return dict(islice(self.by_label.items(), self.n_classes))

    @property
    def left(self) -> int:
        """Examples of the pool without a decision."""
        return self.pool - self.labelled - self.skipped

    @property
    def shots_here(self) -> int:
        """Labelled examples of this pool that may be demonstrations."""
        return self.labelled - self.checked

    @property
    def n_labels(self) -> int:
        """Every label that is no check example's: what ranking and export take into account."""
        return self.shots_here + self.labels_elsewhere - self.checked_elsewhere

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
    n_labelled = n_labels_here = n_here = n_checked = n_checked_here = 0
    for decision in decisions:
        is_here = decision.example_id in in_pool
        n_here += is_here
        if decision.kind is DecisionKind.LABEL:
            n_labelled += 1
            n_labels_here += is_here
            n_checked += decision.check
            n_checked_here += is_here and decision.check
    answers = (one.answer for one in decisions if one.answer is not None and not one.check)
    by_label = Counter(chain.from_iterable(answer.labels for answer in answers))
    return Counts(
        pool=len(in_pool),
        labelled=n_labels_here,
        skipped=n_here - n_labels_here,
        labels_elsewhere=n_labelled - n_labels_here,
        skips_elsewhere=len(decisions) - n_here - (n_labelled - n_labels_here),
        checked=n_checked_here,
        checked_elsewhere=n_checked - n_checked_here,
        by_label={name: by_label[name] for name in dict.fromkeys([*label_names, *by_label])},
        n_classes=len(dict.fromkeys(label_names)),
    )
