from __future__ import annotations

import pytest

from neufs_tui.errors import ExportError, UsageError
from neufs_tui.export.few_shot_set import BALANCED, few_shot_set, interleaved, redacted, tool_name
from tests.export.values import labelled


def test_the_few_shot_set_is_the_first_k_in_labelling_order() -> None:
    marks = [labelled("c", seq=9), labelled("a", seq=2), labelled("b", seq=5)]
    assert [one.example.text for one in few_shot_set(marks, None)] == ["a", "b", "c"]
    assert [one.example.text for one in few_shot_set(marks, 2)] == ["a", "b"]
    assert [one.example.text for one in few_shot_set(marks, 3)] == ["a", "b", "c"]


@pytest.mark.parametrize("k", [0, -1, 3])
def test_more_than_is_labelled_is_refused_and_counted(k: int) -> None:
    with pytest.raises(ExportError, match="2 examples are labelled") as caught:
        few_shot_set([labelled("a", seq=1), labelled("b", seq=2)], k)
    assert "1 to 2" in caught.value.hint
    with pytest.raises(ExportError, match="1 example is labelled"):
        few_shot_set([labelled("a")], 2)


@pytest.mark.parametrize("k", [None, 1])
def test_nothing_labelled_is_refused_with_a_hint(k: int | None) -> None:
    with pytest.raises(ExportError, match="nothing is labelled") as caught:
        few_shot_set([], k)
    assert "neufs-tui label" in caught.value.hint


def test_a_balanced_set_has_the_classes_in_turn() -> None:
    marks = [labelled(f"t{at}", label, seq=at) for at, label in enumerate("AABAB")]
    shown = [one.example.text for one in few_shot_set(marks, 4, BALANCED)]
    assert shown == ["t0", "t2", "t1", "t4"]
    assert interleaved([1, 2, 4], ["A", "A", "B", "A", "A"]) == (1, 2, 4)


def test_a_redacted_field_is_gone_and_without_its_id_a_row_is_its_hash() -> None:
    one = labelled("x", source_id="r1", author="Eva", topic="t")
    (left,), (checked,) = redacted([one], [one], ["author"])
    assert (left.example.fields, left.example.stable_id) == ({"topic": "t"}, "r1")
    assert checked.example.fields == {"topic": "t"}
    (left,), _ = redacted([one], [], ["id", "author"])
    assert left.example.stable_id == one.example.id
    assert (left.example.text, left.answer) == (one.example.text, one.answer)


def test_a_field_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="'autor'") as caught:
        redacted([labelled("x", author="Eva")], [], ["autor"])
    assert "'author'" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        redacted([labelled("x")], [], ["id"])
    assert "text alone" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "name"),
    [("data/my pool.v2.jsonl", "my_pool_v2"), ("-", "few_shot"), ("7.csv", "few_shot_7")],
)
def test_a_pool_has_a_name_that_tools_take(source: str, name: str) -> None:
    assert tool_name(source) == name
