"""The way that is favoured is the one by which the known labels are likeliest."""

from __future__ import annotations

import numpy as np
import pytest

from neufs_tui.core.records import Example, content_hash
from neufs_tui.evaluation.gold_test import GoldTest
from neufs_tui.evaluation.predictions import MIN_ROWS, WAYS, favour, rows


class Judge:
    """Finds what it is told."""

    def __init__(self, *found: float) -> None:
        self.found = dict(zip(WAYS, found, strict=True))
        self.asked = 0

    def judge(self, test: GoldTest) -> dict[str, float]:
        self.asked += 1
        return self.found


def examples(n: int) -> tuple[Example, ...]:
    texts = [f"text {number}" for number in range(n)]
    return tuple(Example(content_hash(text), text, row) for row, text in enumerate(texts))


def known(n: int) -> GoldTest:
    return GoldTest("check set", examples(n), np.zeros(n, dtype=np.intp))


@pytest.mark.parametrize(
    ("found", "way"),
    [
        ((-0.5, -0.6, -0.7), "readout"),
        ((-0.5, -0.4, -0.7), "prompt"),
        ((-0.5, -0.6, -0.1), "both"),
        ((-0.5, -0.5, -0.5), "readout"),
    ],
)
def test_the_likeliest_way_is_favoured_and_all_three_are_told(
    found: tuple[float, ...], way: str
) -> None:
    chosen, why = favour(Judge(*found), known(MIN_ROWS))
    assert chosen == way
    told = [
        f"−{-value:.2f} by {name}".replace("0.", ".")
        for name, value in zip(WAYS, found, strict=True)
    ]
    assert why == f"mean log-likelihood of the labels of 8 texts (check set): {', '.join(told)}"


@pytest.mark.parametrize(
    ("test", "words"),
    [(None, "0 labels were"), (known(1), "1 label was"), (known(7), "7 labels were")],
)
def test_too_few_known_labels_leave_the_readout_and_cost_nothing(
    test: GoldTest | None, words: str
) -> None:
    judge = Judge(-1, 0, 0)
    way, why = favour(judge, test)
    assert (way, judge.asked) == ("readout", 0)
    assert why.startswith(f"{words} kept apart, and fewer than 8")


def test_what_was_accepted_keeps_its_label_and_says_so() -> None:
    first, second = examples(2)
    told = rows(
        [first, second],
        np.array([[0.25, 0.75], [0.5, 0.5]]),
        ["yes", "no"],
        "both",
        {first.id: "yes"},
    )
    assert [(one.label, one.by) for one in told] == [("yes", "accepted"), ("yes", "both")]
    assert told[0].probabilities == {"yes": 0.25, "no": 0.75}
