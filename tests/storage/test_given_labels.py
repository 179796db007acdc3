"""Which labels of another file are taken, and what is told of the others."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from neufs_tui.core.records import Answer, Decision, DecisionKind, Example, content_hash
from neufs_tui.errors import PoolError, UsageError
from neufs_tui.storage.given_labels import GivenLabels, Matched, given_labels, match
from neufs_tui.storage.pool import Pool, read_pool
from tests.storage.values import label, skip

LABELS = ("yes", "no")


def pool_of(*rows: dict[str, Any]) -> Pool:
    return read_pool("-", stdin=io.BytesIO("\n".join(map(json.dumps, rows)).encode()))


POOL = pool_of(*({"text": text, "id": number} for number, text in enumerate("abcd"))).examples


def given(*rows: dict[str, Any], field: str | None = None) -> GivenLabels:
    return given_labels(pool_of(*rows), "theirs.jsonl", field)


def row(text: str, name: object = "yes", **more: object) -> dict[str, Any]:
    return {"text": text, "label": name} | more


def matched(
    *rows: dict[str, Any],
    examples: Sequence[Example] = POOL,
    decisions: Sequence[Decision] = (),
    **more: Any,
) -> Matched:
    return match(given(*rows), examples, decisions, LABELS, **more)


def texts_of(found: Matched) -> dict[str, str]:
    text_of = {one.id: one.text for one in POOL}
    return {text_of[one]: answer.text for one, answer in found.taken.items()}


def test_a_row_is_of_the_example_with_its_text_in_the_order_of_the_file() -> None:
    found = matched(row("c", "no"), row("a"), row("z"), row("b", None))
    assert list(texts_of(found).items()) == [("c", "no"), ("a", "yes")]
    assert [one.example.text for one in found.unmatched] == ["z"]
    assert found.strangers == ()


@pytest.mark.parametrize("own", [1, "1"])
def test_an_own_id_makes_up_for_white_space_and_for_no_other_text(own: object) -> None:
    assert texts_of(matched(row(" b\r\n", id=own))) == {"b": "yes"}
    other = matched(row("quite another", id=own))
    assert not other.taken
    assert [one.example.text for one in other.strangers] == ["quite another"]
    assert other.unmatched == ()


def test_a_text_without_an_id_may_differ_in_white_space_where_it_can_be_of_one_alone() -> None:
    examples = pool_of({"text": "x  y"}, {"text": "two"}, {"text": "two "}).examples
    found = matched(row(" x y\n"), row("two\t"), row("two"), examples=examples)
    assert {*found.taken} == {content_hash("x  y"), content_hash("two")}
    assert found.n_near == 1
    assert [one.example.text for one in found.unmatched] == ["two\t"]


def test_a_text_goes_before_an_id_that_is_another_examples_and_that_is_counted() -> None:
    found = matched(row("b", id=0), row("c", id=2), row("d", id="from elsewhere"))
    assert texts_of(found) == dict.fromkeys("bcd", "yes")
    assert found.n_other_id == 1


def test_a_row_without_an_id_is_of_no_row_called_none() -> None:
    examples = pool_of({"text": "x", "id": "None"}).examples
    assert matched(row("another"), examples=examples).strangers == ()


def test_an_id_that_several_rows_of_the_pool_have_is_of_the_one_with_the_text() -> None:
    examples = pool_of({"text": "x", "id": 1}, {"text": "y", "id": 1}).examples
    found = matched(row("y ", id=1), examples=examples)
    assert {*found.taken} == {content_hash("y")}


def test_a_text_with_two_labels_has_none_of_them() -> None:
    found = matched(row("a"), row("b"), row("a", "no"), row("b", " YES"))
    assert texts_of(found) == {"b": "yes"}
    ((example, labels),) = found.contradicting
    assert (example.text, labels) == ("a", ("yes", "no"))


def test_two_texts_of_one_example_may_contradict_too() -> None:
    found = matched(row("a"), row(" a", "no", id=0))
    assert not found.taken and len(found.contradicting) == 1


def test_what_is_decided_stands() -> None:
    accepted = Decision(content_hash("d"), DecisionKind.ACCEPT, Answer("no"))
    held = (label("a", "yes"), label("b", "no"), skip("c"), accepted)
    found = matched(*map(row, "abcd"), decisions=held)
    assert (found.taken, found.n_same) == ({}, 1)
    assert [(example.text, name, one) for example, name, one in found.differing] == [
        ("b", "yes", held[1]),
        ("c", "yes", held[2]),
        ("d", "yes", held[3]),
    ]


def test_labels_are_spelt_as_the_task_has_them_and_others_are_refused() -> None:
    found = matched(row("a", "YES "), row("b", "maybe"), row("c", "maybe"))
    assert texts_of(found) == {"a": "yes"}
    assert found.unknown == {"maybe": 2}
    with pytest.raises(UsageError, match=r"labels that the task has not: 'maybe' \(2\)") as caught:
        found.refuse_unknown()
    assert "--label" in caught.value.hint
    decided = matched(row("a", "maybe"), decisions=[label("a", "yes")])
    decided.refuse_unknown()


def test_many_unknown_labels_are_not_all_named() -> None:
    found = Matched("theirs.jsonl", unknown={f"label {n}": 1 for n in range(9)})
    with pytest.raises(UsageError, match=r"'label 5' \(1\), …$"):
        found.refuse_unknown()


def test_what_is_to_be_left_out_is() -> None:
    found = matched(row("a"), row("b", "maybe"), left_out={content_hash("a"), content_hash("b")})
    assert (found.taken, found.unknown) == ({}, {})


def test_a_file_without_labels_is_refused_with_its_fields() -> None:
    with pytest.raises(PoolError, match=r"no row of standard input has a label$") as caught:
        given({"text": "a", "topic": "x"})
    assert "'topic'" in caught.value.hint
    with pytest.raises(PoolError, match="has a label in field 'kind'"):
        given(row("a"), field="kind")
    with pytest.raises(PoolError, match="has a label: 2 rows rejected or ignored there"):
        given(*(row(text, answer="reject") for text in "ab"))


def test_why_rows_give_none_is_counted() -> None:
    found = given(row("a"), row("b", ["yes", "no"]), row("c", answer="ignore"), row("d", None))
    assert found.without == {"with several labels": 1, "rejected or ignored there": 1}
    assert (found.n_rows, len(found.rows)) == (4, 1)


def test_its_labels_are_those_of_a_task_in_alphabetical_order() -> None:
    found = given(row("a", "no"), row("b", "Yes"), row("c", "yes"), row("c", "Yes")).labels()
    assert found.names == ("no", "Yes")
    assert "2 labels from 'theirs.jsonl' in 4 of 4 rows: 'Yes' 3, 'no' 1" in found.notices()


def test_of_labels_in_the_pool_it_is_told_how_many_and_what_is_wrong() -> None:
    found = matched(
        *map(row, "abcd"), row("b", "no"), row("e", ["x", "y"]), decisions=[label("c", "no")]
    )
    assert found.notices == (
        "2 labels taken from 'theirs.jsonl', which one undo takes back",
        "1 text has several labels in 'theirs.jsonl', of which none is taken",
        "1 stays as it was decided otherwise",
        "1 row with several labels",
    )
    assert matched(row("z")).notices == ()
