"""What is told of labels that were given elsewhere."""

from __future__ import annotations

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.storage.given_labels import GivenRow, Matched
from neufs_tui.wording import amended
from neufs_tui.wording.given import others, taken
from tests.fakes import example

ONE, TWO = example(0), example(1199, "a\ttext\nof two lines")
YES, NO = Answer("yes"), Answer("no")


def given(label: Answer, kind: DecisionKind = DecisionKind.LABEL, by: str = "") -> Decision:
    return Decision(ONE.id, kind, label, given=by)


def test_what_was_taken_is_counted_by_label_with_the_way_back() -> None:
    found = Matched("theirs.csv", {"x": NO, "y": YES, "z": YES})
    assert taken(found, undo="u") == (
        "3 labels taken from theirs.csv: yes 2, no 1 — u takes them all back"
    )
    one = Matched("theirs.csv", {"x": NO})
    assert taken(one, undo="u") == "1 label taken from theirs.csv: no 1 — u takes it back"
    assert taken(Matched("theirs.csv"), undo="u") == "nothing to import from theirs.csv"
    assert others(one) == []


def test_what_was_not_taken_is_listed_by_reason() -> None:
    skipped = Decision(ONE.id, DecisionKind.SKIP)
    found = Matched(
        "theirs.csv",
        n_same=1,
        differing=((ONE, "yes", given(NO)), (TWO, "yes", skipped), (ONE, "yes", given(NO, by="x"))),
        contradicting=((TWO, ("yes", "no")),),
        strangers=(GivenRow(TWO, "yes"),),
        n_other_id=2,
        without={"with several labels": 2},
    )
    assert others(found) == [
        "1 has that label already",
        "3 are decided otherwise, which stands:",
        "  #1 yes there, yours is no",
        "  #1,200 yes there, skipped",
        "  #1 yes there, no, given by x",
        "1 text has several labels there, and none of them was taken:",
        "  yes, no · a text of two lines",
        "1 row has the id of an example of the pool, but another text:",
        "  yes · a text of two lines",
        "2 rows went by the text: the id is that of another example of the pool",
        "2 rows with several labels",
    ]


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    found = Matched("theirs.csv", unmatched=(GivenRow(ONE, "yes"),) * 1234)
    lines = others(found)
    assert lines[0] == "1,234 rows have a text that is not in the pool:"
    assert (len(lines), lines[-1]) == (12, "  and 1,224 more")


def test_an_undo_of_all_says_where_they_are_from() -> None:
    made = given(YES, by="theirs.csv")
    assert amended.undone(ONE, made, 12) == "undone: 12 labels given by theirs.csv — r redoes"
    assert amended.undone(ONE, given(YES), 12) == "undone: 12 answers given at once — r redoes"
