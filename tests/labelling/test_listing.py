"""What the line of filters finds, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Mark, MarkKind
from neufs_tui.labelling.listing import FILTERS, Listing, Query, Wish, parse
from neufs_tui.labelling.position import position
from tests.fakes import StoredWorkspace, example, pick

TEXTS = (
    "Free entry: win a PRIZE now",
    "See you at five",
    "Your prize is waiting, free",
    "I'll be late",
    "note to self: buy milk",
    "STRASSE und Straße",
    "Given to you by another",
)
EXAMPLES = tuple(example(row, text) for row, text in enumerate(TEXTS))
LABELS = (Label("ham"), Label("spam"), Label("spam, paid"))


def label(row: int, name: str, *, check: bool = False) -> Decision:
    return Decision(EXAMPLES[row].id, DecisionKind.LABEL, Answer(name), check)


def workspace() -> StoredWorkspace:
    """Rows 0 and 2 labelled, 3 a check example, 1 skipped; 2 flagged, 4 with a note; 6 given."""
    made = StoredWorkspace(EXAMPLES, labels=LABELS)
    said_spam = replace(pick(EXAMPLES[0]), answer="spam", probabilities={"ham": 0.2, "spam": 0.8})
    session = made.session
    session.record(label(0, "ham"), pick=said_spam, seconds=2.0)
    session.record(Decision(EXAMPLES[1].id, DecisionKind.SKIP), pick=None, seconds=1.0)
    session.record(
        label(2, "spam"), pick=replace(said_spam, example_id=EXAMPLES[2].id), seconds=3.0
    )
    session.record(label(3, "spam, paid", check=True), pick=None, seconds=None)
    session.mark([Mark(EXAMPLES[2].id, MarkKind.FLAG)])
    session.mark([Mark(EXAMPLES[4].id, MarkKind.NOTE, "a List")])
    session.record_given({EXAMPLES[6].id: Answer("spam, paid")}, "theirs.csv")
    return made


def rows(typed: str, uncertainty: tuple[float, ...] = ()) -> list[int]:
    made = workspace()
    return [one.row for one in Listing(made, position(made), uncertainty).find(parse(typed))]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", [6, 3, 2, 1, 0, 4, 5]),
        ("prize", [2, 0]),
        ("#2", [1]),
        ("#99", []),
        ("PRIZE free", [2, 0]),
        ('"prize now"', [0]),
        ('"prize n', [0]),
        ("prize -now", [2]),
        ("strasse", [5]),
        ("label:ham", [0]),
        ("label:spam", [2]),
        ("label:sp", [6, 3, 2]),
        ('label:"spam, paid"', [6, 3]),
        ("model:spam", [2, 0]),
        ("labelled", [6, 3, 2, 0]),
        ("given", [6]),
        ("labelled -given", [3, 2, 0]),
        ("skipped", [1]),
        ("undecided", [4, 5]),
        ("flag", [2]),
        ("-flag labelled", [6, 3, 0]),
        ("note", [4]),
        ("note:list", [4]),
        ('"note"', [4]),
        ("disagree", [0]),
        ("check", [3]),
        ("accepted", []),
        ("nowhere", []),
    ],
)
def test_what_is_typed_narrows_the_list(typed: str, found: list[int]) -> None:
    assert rows(typed) == found


def test_the_models_uncertainty_puts_the_least_certain_first_and_the_unread_last() -> None:
    assert rows("unsure undecided", (0.1, 0.2, 0.9, 0.3, 0.4, 0.8)) == [5, 4]
    assert rows("unsure", (0.1, -1.0, 0.9, 0.3, 0.4)) == [2, 4, 3, 0, 6, 1, 5]


def test_counts_are_of_what_each_filter_finds() -> None:
    made = workspace()
    counts = Listing(made, position(made)).counts
    assert counts == {name: len(rows(name)) for name in FILTERS if rows(name)}


def test_a_label_on_a_row_that_left_the_pool_is_listed_and_the_row_not_otherwise() -> None:
    made = workspace()
    later = made.with_pool(EXAMPLES[3:])
    found = Listing(later, position(later)).find(Query())
    assert [one.row for one in found] == [6, 3, 2, 0, 4, 5]


def test_the_models_answer_is_not_told_of_what_has_no_label() -> None:
    made = workspace()
    listing = Listing(made, position(made))
    assert [listing.of(one).labelled is not None for one in EXAMPLES] == [
        *(True, False, True, True),
        *(False, False, True),
    ]


@given(st.text())
def test_anything_typed_is_a_query(typed: str) -> None:
    query = parse(typed)
    assert all(one.of in {"text", "label", "model", "note", *FILTERS} for one in query.wishes)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["prize", "free", "-flag", "labelled", "-undecided", "label:ham"])))
def test_every_word_more_narrows_and_their_order_does_not_matter(words: list[str]) -> None:
    found = set(rows(" ".join(words)))
    assert found == set(rows(" ".join(reversed(words))))
    assert found == set.intersection(set(range(7)), *(set(rows(word)) for word in words))


def test_a_query_is_read_word_by_word() -> None:
    assert parse('label:"spam, paid" -skipped Unsure "two  words') == Query(
        (Wish("label", "spam, paid"), Wish("skipped", negated=True), Wish("text", "two  words")),
        by_uncertainty=True,
    )
