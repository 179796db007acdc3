"""When the model's answer and her label can be compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.core.labelled import LabelledExample, class_counts
from neufs_tui.core.records import Answer, Example, Pick, content_hash

ONE = Example(content_hash("one"), "one", 0)
PICK = Pick(ONE.id, None, "A", {"A": 0.75, "B": 0.25}, n_scanned=1, n_labelled=0)


def test_a_class_without_an_example_is_counted_and_a_dropped_label_is_not() -> None:
    given = [LabelledExample(ONE, Answer(name), 1) for name in ("B", "B", "Z")]
    assert list(class_counts(given, ("A", "B")).items()) == [("A", 0), ("B", 2)]


@pytest.mark.parametrize(
    ("label", "pick", "looked", "expected"),
    [
        ("A", PICK, False, True),
        ("B", PICK, False, False),
        ("A", None, False, None),
        ("A", PICK, True, None),
        ("C", PICK, False, None),
        ("C", replace(PICK, probabilities={}), False, False),
    ],
    ids=["hers", "another", "no answer", "looked", "a label since", "labels not known"],
)
def test_the_models_answer_is_compared_where_it_could_have_been_hers(
    label: str, pick: Pick | None, looked: bool, expected: bool | None
) -> None:
    assert LabelledExample(ONE, Answer(label), 1, pick, looked=looked).agrees is expected
