"""Texts with gold labels."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from neufs_tui.core.records import Label, Task
from neufs_tui.errors import NeufsError
from neufs_tui.evaluation.gold_test import read_gold_test
from tests.pools import write_rows

TASK = Task((Label("ham"), Label("Spam")))


def write(path: Path, *rows: tuple[str, object]) -> str:
    return str(write_rows(path / "test.jsonl", [{"text": t, "label": y} for t, y in rows]))


def test_labels_are_the_task_s_whatever_their_case_and_blanks(tmp_path: Path) -> None:
    source = write(tmp_path, ("a", "ham"), ("b", " SPAM "), ("c", "spam"))
    test = read_gold_test(source, TASK)
    assert test.name == "test"
    assert [one.text for one in test.texts] == ["a", "b", "c"]
    assert test.gold.tolist() == [0, 1, 1]
    assert test.notices == ()


def test_what_a_set_shows_or_nobody_has_labelled_is_left_out_and_told(tmp_path: Path) -> None:
    source = write(tmp_path, ("a", "ham"), ("b", None), ("c", "Spam"), ("a", "ham"))
    test = read_gold_test(source, TASK, shown={"c"})
    assert [one.text for one in test.texts] == ["a"]
    assert test.notices == (
        "1 repeated text is labelled once",
        "1 text without a gold label left out",
        "1 text left out: the set shows them with their labels",
    )


def test_numbers_may_be_labels(tmp_path: Path) -> None:
    source = write(tmp_path, ("a", 1), ("b", 0))
    assert read_gold_test(source, Task((Label("0"), Label("1")))).gold.tolist() == [1, 0]


def test_it_may_be_gzipped(tmp_path: Path) -> None:
    plain = Path(write(tmp_path, ("a", "ham")))
    packed = tmp_path / "test.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    test = read_gold_test(str(packed), TASK)
    assert (test.name, [one.text for one in test.texts]) == ("test", ["a"])


def test_text_and_label_may_lie_within_objects(tmp_path: Path) -> None:
    rows = [{"doc": {"body": text}, "gold": {"is": label}} for text, label in (("a", "spam"),)]
    path = write_rows(tmp_path / "test.jsonl", [*rows, {"doc": {"body": "b"}}])
    test = read_gold_test(str(path), TASK, field="gold.is", text_field="doc.body")
    assert [one.text for one in test.texts] == ["a"]
    assert test.gold.tolist() == [1]
    assert test.notices == ("1 text without a gold label left out",)


@pytest.mark.parametrize(
    ("rows", "shown", "said"),
    [
        ([("a", "ham"), ("b", "eggs")], set(), "gold labels that the task has not: 'eggs'"),
        ([("a", "ham")], {"a"}, "leaves no text to test on"),
        ([("a", None)], set(), "has a value in field 'label'"),
    ],
)
def test_a_file_that_tests_nothing_is_refused(
    tmp_path: Path, rows: list[tuple[str, object]], shown: set[str], said: str
) -> None:
    with pytest.raises(NeufsError, match=said):
        read_gold_test(write(tmp_path, *rows), TASK, shown=shown)
