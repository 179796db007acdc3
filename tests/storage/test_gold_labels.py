from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.errors import PoolError
from neufs_tui.storage.gold_labels import GoldLabels, gold_labels, written
from neufs_tui.storage.label_names import first_clash, label_key, told_apart
from neufs_tui.storage.pool import Pool, read_pool

NFC, NFD = "caf\u00e9", "cafe\u0301"


def pool_of(values: Sequence[object], field: str = "gold") -> Pool:
    """A pool whose rows have these values, two of them with the same text."""
    rows = [{"text": f"text {max(n, 1)}", field: value} for n, value in enumerate(values)]
    return read_pool("-", stdin=io.BytesIO("\n".join(map(json.dumps, rows)).encode()))


def labels_of(*values: object, **known: Sequence[str]) -> GoldLabels:
    return gold_labels(pool_of(values), "gold", **known)


def test_labels_are_taken_from_every_row_in_alphabetical_order() -> None:
    found = labels_of("B", 2, None, "", "  ", True, "B", 1.5, "a", "\u200b")
    assert found.counts == {"1.5": 1, "2": 1, "a": 1, "B": 2, "true": 1}
    assert found.names == ("1.5", "2", "a", "B", "true")
    assert found.n_rows == 10


def test_a_field_nobody_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(PoolError, match="no row of standard input has a value") as caught:
        gold_labels(pool_of(["x", "y"], "topic"), "label")
    assert "'topic'" in caught.value.hint
    with pytest.raises(PoolError, match="'tags' holds a list"):
        gold_labels(pool_of([["y"]], "tags"), "tags")


def test_a_field_may_lie_within_an_object() -> None:
    pool = pool_of([{"topic": "x", "n": 1}, {"topic": "y"}, {"topic": None}, None], "meta")
    assert gold_labels(pool, "meta.topic").counts == {"x": 1, "y": 1}
    with pytest.raises(PoolError, match=r"'meta\.place'") as caught:
        gold_labels(pool, "meta.place")
    assert "'meta', 'meta.topic', 'meta.n'" in caught.value.hint


@pytest.mark.parametrize(
    ("values", "spellings"),
    [
        (["anger", "Anger", "anger", " anger\u00a0"], {"anger": 2, "Anger": 1, " anger\u00a0": 1}),
        ([NFD, NFC, NFC], {NFC: 2, NFD: 1}),
        ([1, "1", "1 "], {"1": 2, "1 ": 1}),
        ([True, "True", "True"], {"True": 2, "true": 1}),
        (["stra\u00dfe", "STRASSE", "STRASSE"], {"STRASSE": 2, "stra\u00dfe": 1}),
        (["b", "B"], {"B": 1, "b": 1}),
        (["x\u00b2"], {"x\u00b2": 1}),
    ],
)
def test_ways_to_write_one_label_become_the_commonest(
    values: list[object], spellings: dict[str, int]
) -> None:
    found = labels_of(*values, "other")
    name = next(iter(spellings))
    assert found.spellings[name] == spellings
    assert {found.label_of[written(value)] for value in values} == {name}
    assert found.counts == dict(sorted({name: len(values), "other": 1}.items(), key=str))


def test_what_is_one_label_is_said_with_counts_and_escapes() -> None:
    found = labels_of(*[NFC] * 3, NFD, "Joy", "joy", "joy")
    first, merged = found.notices()
    assert first == f"2 labels from 'gold' in 7 of 7 rows: {NFC!r} 4, 'joy' 3"
    assert merged == "'cafe\\u0301' (1) taken as 'caf\\xe9'; 'Joy' (1) taken as 'joy'"


def test_a_way_to_write_it_that_is_known_wins() -> None:
    assert labels_of("anger", "anger", "joy", known=["Anger"]).names == ("Anger", "joy")
    assert labels_of("anger", "joy", known=["ANGER"], given=["Anger"]).names == ("Anger", "joy")


def test_new_labels_are_said_and_given_ones_are_kept() -> None:
    found = labels_of("a", "c", given=["b"])
    assert found.names == ("a", "b", "c")
    assert found.notices(["a", "b"]) == (
        "2 labels from 'gold' in 2 of 2 rows: 'a' 1, 'c' 1",
        "new since the last time: 'c'",
        "kept, as given before, although in no row: 'b'",
    )
    assert len(labels_of("a", "b").notices()) == 1
    assert len(labels_of("a", "b").notices(["a", "b"])) == 1


@pytest.mark.parametrize(
    ("values", "is_warned_of"),
    [
        ([*range(30)], True),
        ([*range(29)], False),
        ([*range(30), *range(15)], False),
        ([*range(30), *range(14)], True),
    ],
)
def test_a_field_in_which_most_values_occur_once_is_warned_of(
    values: list[int], is_warned_of: bool
) -> None:
    first, *_ = labels_of(*values).notices()
    assert ("probably no field of labels" in first) == is_warned_of


def test_many_labels_are_counted_after_the_commonest() -> None:
    first, *_ = labels_of(*"aabcdefgh").notices()
    assert first.endswith("rows: 'a' 2, 'b' 1, 'c' 1, 'd' 1, 'e' 1, 'f' 1, and 2 more")


NAMES = st.text(st.sampled_from("aAbB\u00e9e\u0301 \u00a0\u212b\u00c5\u00df\u0130i"), min_size=1)


@given(st.lists(NAMES.filter(label_key), min_size=1), st.randoms())
def test_the_order_of_rows_changes_no_label(values: list[str], random: object) -> None:
    shuffled = [*values]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found, again = labels_of(*values), labels_of(*shuffled)
    assert [*found.spellings.items()] == [*again.spellings.items()]
    assert first_clash(found.names) is None
    assert sum(found.counts.values()) == len(values)


@given(NAMES, st.sampled_from(["NFC", "NFD"]), st.sampled_from(["", " ", "\u00a0\t", "\ufeff"]))
def test_form_case_and_blanks_make_no_other_label(name: str, form: str, blank: str) -> None:
    for other in (unicodedata.normalize(form, name), f"{blank}{name}{blank}", name.casefold()):
        assert label_key(other) == label_key(name)


def test_names_are_escaped_where_they_look_alike() -> None:
    assert told_apart(NFC, NFD) == "'caf\\xe9'"
    assert told_apart("Été", "été") == "'Été'"
    assert told_apart("a\u00a0", "a") == "'a\\xa0'"
