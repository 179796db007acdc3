"""Which labels may be in a prompt."""

from __future__ import annotations

import pytest

from neufs_tui.core.check_set import as_unlabelled
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.engine.demonstrations import demonstrations
from tests.fakes import pool

EXAMPLES = {one.id: one for one in pool(3)}
FIRST, SECOND, _ = EXAMPLES
YES = Answer("yes")
BEFORE = Decision(FIRST, DecisionKind.LABEL, YES)


@pytest.mark.parametrize(
    ("decision", "is_shown"),
    [
        (Decision(SECOND, DecisionKind.LABEL, YES), True),
        (Decision(SECOND, DecisionKind.LABEL, YES, hunted=True), True),
        (Decision(SECOND, DecisionKind.SKIP), False),
        (Decision(SECOND, DecisionKind.ACCEPT, YES), False),
        (Decision(SECOND, DecisionKind.LABEL, YES, check=True), False),
        (Decision(SECOND, DecisionKind.LABEL, YES, flagged=True), False),
        (Decision(SECOND, DecisionKind.LABEL, Answer("of another task")), False),
        (Decision("left the pool", DecisionKind.LABEL, YES), False),
    ],
)
def test_labels_of_the_few_shot_set_are_in_labelling_order(
    decision: Decision, is_shown: bool
) -> None:
    told = as_unlabelled([decision, BEFORE])
    found = demonstrations(told, EXAMPLES, ["yes", "no"])
    assert [example_id for example_id, _ in found] == [SECOND, FIRST][not is_shown :]
    assert all(one.text == EXAMPLES[its].text and one.answer == "yes" for its, one in found)
