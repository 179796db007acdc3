"""What a project's session gives an evaluation: her set, and what calibrates answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from neufs_tui.core.calibration import MIN_LABELS, MIN_SAMPLE, SAMPLE
from neufs_tui.core.draws import Draws
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import DRAW, Demonstration, ExampleId
from neufs_tui.core.text import plural
from neufs_tui.evaluation.few_shot_sets import FewShotSet
from neufs_tui.evaluation.gold_test import GoldTest, check_test
from neufs_tui.evaluation.report import Calibration
from neufs_tui.project.project import Project
from neufs_tui.statistics.calibration import class_prior


def her_set(labelled: Sequence[LabelledExample]) -> FewShotSet:
    """Her labels, in the order in which she gave them."""
    shown = tuple(Demonstration(one.example.text, one.answer.text) for one in labelled)
    return FewShotSet(f"your {plural(len(shown), 'label')}", (shown,))


def known_texts(project: Project, checked: Sequence[LabelledExample]) -> GoldTest | None:
    """The texts whose labels are known and that nothing is learned from.

    Args:
        project: with a test file, it is that.
        checked: the check examples whose label holds; else it is those labelled without a look at
            the model's answer.

    Returns:
        None where there are none.
    """
    task = project.require_task()
    if (test := project.test) is not None:
        gold = [task.label_names.index(test.gold[one.id]) for one in test.texts]
        return GoldTest(test.name, test.texts, np.array(gold, dtype=np.intp))
    return check_test(checked, task) if any(not one.looked for one in checked) else None


def calibration_for(
    project: Project, labelled: Sequence[LabelledExample], left_out: Collection[ExampleId]
) -> Calibration | str:
    """What answers are calibrated by, or why there is too little to go by.

    Args:
        project: pool, task and seed.
        labelled: the labels that hold.
        left_out: texts that the sample must not have: tests', and demonstrations'.
    """
    names = project.require_task().label_names
    draws = Draws((one.id for one in project.pool.examples), project.selection.seed)
    picks = draws.next(left_out, SAMPLE)
    if len(picks) < MIN_SAMPLE:
        return f"not calibrated: the pool has fewer than {MIN_SAMPLE} other texts"
    drawn = [one for one in labelled if _is_drawn(one)]
    # those of random draws alone say how frequent the classes are, if there are enough
    hers = [one for one in labelled if not one.hunted and not one.given]
    known = drawn if len(drawn) >= MIN_LABELS else hers
    if len(known) < MIN_LABELS:
        return f"not calibrated: fewer than {MIN_LABELS} labels tell how frequent the classes are"
    by_id = {one.id: one for one in project.pool.examples}
    from_draws = " at random" if known is drawn else ""
    return Calibration(
        sample=tuple(by_id[pick.example_id] for pick in picks),
        prior=class_prior((one.answer.text for one in known), names),
        basis=f"on {plural(len(picks), 'text')} of the pool, with the classes expected as in "
        f"{plural(len(known), 'label')} given{from_draws}",
    )


def _is_drawn(one: LabelledExample) -> bool:
    return one.pick is not None and one.pick.reason is not None and one.pick.reason.strategy == DRAW
