"""How far the annotator is in a pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from neufs_tui.core.records import Decision, DecisionKind, ExampleId


@dataclass(frozen=True, slots=True)
class Counts:
    """Decisions that hold; `pool` = `labelled` + `skipped` + `accepted` + `left`."""

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
    flagged: int = 0
    """Of `labelled` less `checked`, those that are doubted, and no demonstrations meanwhile."""
    flagged_elsewhere: int = 0
    """The same of `labels_elsewhere` less `checked_elsewhere`."""
    accepted: int = 0
    """Accepted suggestions on examples of this pool, which are no labels."""
    accepted_elsewhere: int = 0
    """Those kept for rows that are no longer in the pool."""
    hunted: int = 0
    """Of `n_labels`, those on examples that were looked for by their likely label."""
    given: int = 0
    """Of `n_labels`, those that were given elsewhere."""
    by_label: Mapping[str, int] = field(default_factory=dict)
    """Labels that hold, those kept for removed rows included, those of check examples and flagged
    ones not, by name: the task's in its order, then others."""
    n_classes: int = 0
    """How many of those names are the task's."""

    @property
    def by_class(self) -> dict[str, int]:
        """Labels that hold of each of the task's labels."""
        return dict(islice(self.by_label.items(), self.n_classes))

    @property
    def left(self) -> int:
        """Examples of the pool without a decision."""
        return self.pool - self.labelled - self.skipped - self.accepted

    @property
    def shots_here(self) -> int:
        """Labelled examples of this pool that may be demonstrations."""
        return self.labelled - self.checked - self.flagged

    @property
    def n_labels(self) -> int:
        """Every label but check examples' and flagged ones: what ranking and export go by."""
        elsewhere = self.labels_elsewhere - self.checked_elsewhere - self.flagged_elsewhere
        return self.shots_here + elsewhere

    @property
    def elsewhere(self) -> int:
        """Decisions kept for rows that are no longer in the pool."""
        return self.labels_elsewhere + self.skips_elsewhere + self.accepted_elsewhere


def count(
    decisions: Sequence[Decision], in_pool: Collection[ExampleId], label_names: Sequence[str]
) -> Counts:
    """Count what holds.

    Args:
        decisions: one for each decided example.
        in_pool: ids of the pool's examples; `in` is to be fast.
        label_names: the task's labels, counted even when nobody has used them.
    """
    is_here = {one.example_id: one.example_id in in_pool for one in decisions}
    by_kind = Counter((one.kind, is_here[one.example_id]) for one in decisions)
    labels = [one for one in decisions if one.kind is DecisionKind.LABEL]
    checks = Counter(is_here[one.example_id] for one in labels if one.check)
    flags = Counter(is_here[one.example_id] for one in labels if one.flagged and not one.check)
    shots = [one for one in decisions if one.is_shot]
    answers = (one.answer for one in shots if one.answer is not None)
    by_label = Counter(chain.from_iterable(answer.labels for answer in answers))
    return Counts(
        pool=len(in_pool),
        labelled=by_kind[DecisionKind.LABEL, True],
        skipped=by_kind[DecisionKind.SKIP, True],
        labels_elsewhere=by_kind[DecisionKind.LABEL, False],
        skips_elsewhere=by_kind[DecisionKind.SKIP, False],
        checked=checks[True],
        checked_elsewhere=checks[False],
        flagged=flags[True],
        flagged_elsewhere=flags[False],
        accepted=by_kind[DecisionKind.ACCEPT, True],
        accepted_elsewhere=by_kind[DecisionKind.ACCEPT, False],
        hunted=sum(one.hunted for one in shots),
        given=sum(bool(one.given) for one in shots),
        by_label={name: by_label[name] for name in dict.fromkeys([*label_names, *by_label])},
        n_classes=len(dict.fromkeys(label_names)),
    )
