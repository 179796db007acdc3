"""The sets that are compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Answer, Demonstration, Example, Label, Task, content_hash
from neufs_tui.engine.set_readings import Wanted, WantedEach
from neufs_tui.errors import UsageError
from neufs_tui.evaluation.few_shot_sets import WITHOUT, exported_set, nearest_set, random_sets
from tests.export.values import written
from tests.pools import AWKWARD, examples_of

LABELLED = tuple(Demonstration(f"text {number}", "ab"[number % 2]) for number in range(9))
TASK = Task((Label("a"), Label("b")))


@given(st.integers(1, 8), st.integers(1, 5), st.integers(0, 9))
def test_random_sets_are_of_her_labels_in_her_order(k: int, n_draws: int, seed: int) -> None:
    found = random_sets(LABELLED, k, n_draws=n_draws, seed=seed)
    assert found is not None and len(found.draws) == n_draws
    for draw in found.draws:
        assert len(draw) == k
        places = [LABELLED.index(one) for one in draw]
        assert places == sorted(set(places))
    assert found == random_sets(LABELLED, k, n_draws=n_draws, seed=seed)
    more = random_sets(LABELLED, k + 1, n_draws=n_draws, seed=seed)
    if more is not None:
        assert all({*few} < {*many} for few, many in zip(found.draws, more.draws, strict=True))


@pytest.mark.parametrize("k", [0, 9, 12])
def test_there_is_no_random_set_without_a_choice(k: int) -> None:
    assert random_sets(LABELLED, k, n_draws=3, seed=0) is None


def test_of_the_nearest_each_text_has_its_own_and_none_is_itself() -> None:
    shown = tuple(
        Demonstration(text, "a") for text in ("a red house", "a blue car", "red cars", "12 34")
    )
    found = nearest_set(shown, 2, [one.text for one in shown])
    assert (found.name, found.sizes, found.draws) == ("nearest 2 by words", [2], (shown,))
    assert found.texts == {one.text for one in shown}
    texts = examples_of(["the red house", "56", "red cars"])
    (wanted,) = found.wanted(texts)
    assert isinstance(wanted, WantedEach) and wanted.texts == texts
    seen = [[one.text for one in each] for each in wanted.demonstrations]
    assert seen == [
        ["red cars", "a red house"],
        ["a blue car", "a red house"],  # nothing alike: those that were labelled first
        ["a blue car", "a red house"],
    ]
    assert WITHOUT.wanted(texts) == [Wanted((), texts)]


def test_more_of_the_nearest_than_there_are_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="the nearest 10 labels and 9 labels were given"):
        nearest_set(LABELLED, 10, ["text"])


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_export_comes_back_as_it_was(tmp_path: Path, kind: str) -> None:
    texts = [text for text in AWKWARD if "\x00" not in text]
    labelled = [
        LabelledExample(Example(content_hash(text), text, row), Answer("ab"[row % 2]), row + 1)
        for row, text in enumerate(texts)
    ]
    path = tmp_path / f"set.{kind}"
    path.write_bytes(written(kind, TASK, labelled).encode())
    found = exported_set(path, TASK)
    assert found.name == f"set.{kind}, {len(texts)} labels"
    assert [one.answer for one in found.draws[0]] == [one.answer.text for one in labelled]
    assert [one.text for one in found.draws[0]] == texts


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"text": "a"}\n', "no set of texts with labels"),
        ("[1, 2", "no set of texts with labels"),
        ('{"text": "a", "label": "c"}\n', "labels that the task has not: 'c'"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_set_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "set.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=said):
        exported_set(path, TASK)
