"""What is remembered is kept from run to run, and forgotten without harm."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neufs_tui.remembered import Remembered


def test_what_is_added_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "found.json"
    assert Remembered(path).all() == {}
    Remembered(path).add({"a": 1})
    Remembered(path).add({"b": [2, "c"]})
    assert Remembered(path).all() == {"a": 1, "b": [2, "c"]}


def test_what_is_of_no_more_use_leaves_when_something_is_added(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path / "found.json")
    remembered.add({"a": 1, "b": 2})
    remembered.add({"c": 3}, keep=lambda name: name != "a")
    assert remembered.all() == {"b": 2, "c": 3}


@pytest.mark.parametrize("damaged", [b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_a_damaged_file_is_forgotten_and_written_anew(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "found.json"
    path.write_bytes(damaged)
    assert Remembered(path).all() == {}
    Remembered(path).add({"a": 1})
    assert Remembered(path).all() == {"a": 1}


def test_a_file_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    Remembered(tmp_path / "taken" / "found.json").add({"a": 1})
    assert "cannot be written" in caplog.text


def test_several_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda n: Remembered(path).add({str(n): n}), range(40)))
    assert Remembered(path).all() == {str(n): n for n in range(40)}
