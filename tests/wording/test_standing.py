"""What a few-shot set has and lacks is said in a sentence, and claims no more than there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.statistics.one_answer import OneAnswer
from neufs_tui.statistics.paired import Paired
from neufs_tui.statistics.standing import Standing
from neufs_tui.wording import standing as wording

THIN = {"ham": 15, "spam": 1}
FULL = {"ham": 9, "spam": 7}
HAM = OneAnswer("ham", 181, 184, n_missed=1, n_otherwise=1, separates=True)
STANDING = Standing(16, THIN, Paired(15, 11, 5, 1), None)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((15, 1), "b has 1"),
        ((16, 0), "b has none"),
        ((14, 1, 0), "b has 1 and c none"),
        ((1, 1, 1), "a, b and c have 1 each"),
        ((9, 1, 0, 0), "b has 1, c and d none"),
        ((9, 1, 1, 0), "b and c have 1 each, d none"),
        ((9, 0, 0), "b and c have none"),
        ((8, 8), ""),
        ((), ""),
        ((9, *[1] * 5), "5 of 6 classes have 1 each"),
        ((9, 1, *[0] * 5), "1 of 7 classes has 1, 5 none"),
        ((16, *[0] * 76), "76 of 77 classes have none"),
        ((*[2] * 3, *[1] * 10, *[0] * 64), "10 of 77 classes have 1 each, 64 none"),
    ],
)
def test_classes_with_one_example_or_none_are_named_or_counted(
    counts: tuple[int, ...], expected: str
) -> None:
    named = dict(zip("abcdefg", counts, strict=False))
    many = {str(place): n for place, n in enumerate(counts)}
    assert wording.lacking(named if len(counts) < 8 else many) == expected


@given(st.dictionaries(st.text(max_size=80), st.integers(0, 3), max_size=90))
def test_a_set_lacks_something_just_when_a_class_has_fewer_than_two(counts: dict[str, int]) -> None:
    said = wording.lacking(counts)
    assert bool(said) == any(n < 2 for n in counts.values())
    assert "\n" not in said and len(said) < 170


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((0, 0), ""), ((1, 0), "1 of 2 classes seen"), ((1, 1), ""), ((), "")],
)
def test_classes_without_a_label_are_counted_once_there_are_labels(
    counts: tuple[int, ...], expected: str
) -> None:
    assert wording.seen(dict(zip("ab", counts, strict=False))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "16 labelled, but spam has 1. On chosen examples right 11 of 15 with labels, 7 without:"
            " too few to tell.",
        ),
        (
            {"by_class": FULL, "paired": Paired(15, 12, 9, 0)},
            "16 labelled, 7 or more of each class. On chosen examples right 12 of 15 with labels,"
            " 3 without: they help.",
        ),
        (
            {"by_class": FULL, "paired": Paired(15, 3, 0, 9)},
            "16 labelled, 7 or more of each class. On chosen examples right 3 of 15 with labels,"
            " 12 without: they do harm.",
        ),
        (
            {"paired": Paired(), "one_answer": HAM},
            "16 labelled, but spam has 1. The model answers ham to 181 of 184. Whether labels help"
            " is not known.",
        ),
        (
            {"by_class": FULL, "one_answer": replace(HAM, separates=False)},
            "16 labelled, 7 or more of each class. The model answers ham to 181 of 184: this model"
            " does not separate these classes; try a larger one.",
        ),
        (
            {"by_class": FULL, "one_answer": HAM, "paired": Paired(60, 40, 5, 5)},
            "16 labelled, 7 or more of each class. On chosen examples right 40 of 60 with labels,"
            " 40 without: no clear difference.",
        ),
        ({"by_class": {}, "paired": Paired()}, "16 labelled. Whether labels help is not known."),
    ],
    ids=["thin", "help", "harm", "alike", "blind", "rare", "no task"],
)
def test_the_finish_is_a_sentence(changes: dict[str, object], expected: str) -> None:
    assert wording.finish(replace(STANDING, **changes)) == expected  # type: ignore[arg-type]


def test_it_is_worth_saying_again_when_more_than_numbers_changed() -> None:
    gist = wording.gist(STANDING)
    more = replace(STANDING, n_labels=17, by_class={"ham": 16, "spam": 1})
    assert wording.gist(replace(more, paired=Paired(16, 12, 5, 1))) == gist
    assert wording.gist(replace(more, by_class={"ham": 15, "spam": 2})) != gist
    assert wording.gist(replace(more, one_answer=HAM)) != gist
    full = replace(STANDING, by_class=FULL)
    assert wording.gist(replace(full, one_answer=HAM)) == wording.gist(full)  # it is not said
    blind = replace(full, one_answer=replace(HAM, separates=False))
    assert wording.gist(blind) != wording.gist(full)
    many = {str(n): int(n < 16) for n in range(77)}
    one_more = many | {"16": 1}
    told = [wording.gist(replace(STANDING, by_class=counts)) for counts in (many, one_more)]
    assert told[0] == told[1]


def test_in_full_it_says_what_it_rests_on() -> None:
    said = wording.helps_in_full(Paired(15, 11, 5, 1))
    assert said.endswith("by the scan without any: 5 turned right, 1 wrong.")
    assert "is known once" in wording.helps_in_full(Paired())
    blind = replace(HAM, n_missed=4, n_otherwise=4, separates=False)
    assert wording.alike_in_full(blind) == (
        "With labels the model answers ham to 181 of 184, and to 4 of 4 that you labelled"
        " otherwise: this model does not separate these classes; try a larger one."
    )
    assert wording.alike_in_full(replace(HAM, n_otherwise=0)) == (
        "With labels the model answers ham to 181 of 184."
    )
