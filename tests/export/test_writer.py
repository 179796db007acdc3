from __future__ import annotations

import stat
from pathlib import Path

import pytest

from neufs_tui.errors import ExportError
from neufs_tui.export.writer import manifest_path, write_export, write_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_is_written_with_its_manifest_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "few_shot.jsonl"
    write_export("text\r\nof é\u2028lines\n", "manifest\n", target)
    assert names(tmp_path) == ["few_shot.jsonl", "few_shot.jsonl.manifest.json"]
    assert target.read_bytes() == "text\r\nof é\u2028lines\n".encode()
    assert manifest_path(target).read_text() == "manifest\n"


@pytest.mark.parametrize("there", ["few_shot.jsonl", "few_shot.jsonl.manifest.json"])
def test_files_that_are_there_are_replaced_only_by_force(tmp_path: Path, there: str) -> None:
    target = tmp_path / "few_shot.jsonl"
    (tmp_path / there).write_text("mine")
    with pytest.raises(ExportError, match="is there already") as caught:
        write_export("new", "new", target)
    assert "--force" in caught.value.hint
    assert names(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "mine"
    write_export("new", "new manifest", target, force=True)
    assert target.read_text() == "new"
    assert manifest_path(target).read_text() == "new manifest"


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_ordinary_file_is_never_replaced(tmp_path: Path, force: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for target in (folder, Path("/dev/null")):
        with pytest.raises(ExportError, match="is not an ordinary file"):
            write_export("text", "manifest", target, force=force)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written: its folder is not there"):
        write_export("text", "manifest", tmp_path / "none" / "few_shot.jsonl")
    assert names(tmp_path) == []


def test_a_failure_half_way_leaves_neither_file(tmp_path: Path) -> None:
    # With the manifest's longer suffix the second name is too long for the file system
    target = tmp_path / ("x" * 235)
    with pytest.raises(ExportError, match="cannot be written"):
        write_export("text", "manifest", target)
    assert names(tmp_path) == []


def test_a_folder_is_made_and_its_files_are_replaced_only_by_force(tmp_path: Path) -> None:
    folder = tmp_path / "nearest"
    write_folder({"a.json": "{}\n", "b.py": "é\r\n"}, folder)
    assert names(folder) == ["a.json", "b.py"]
    assert (folder / "b.py").read_bytes() == "é\r\n".encode()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"a\.json is there already") as caught:
        write_folder({"a.json": "new", "c.json": "new"}, folder)
    assert "--force" in caught.value.hint
    assert names(folder) == ["a.json", "b.py", "mine.txt"]
    write_folder({"a.json": "new", "c.json": "new"}, folder, force=True)
    assert names(folder) == ["a.json", "b.py", "c.json", "mine.txt"]
    assert (folder / "a.json").read_text() == "new"


def test_a_folder_that_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken" / "a.json").mkdir(parents=True)
    for folder, words in (
        (tmp_path / "file", "is not a folder"),
        (tmp_path / "none" / "nearest", "none is not there, or may not be written to"),
        (tmp_path / "taken", "is there already"),
    ):
        with pytest.raises(ExportError, match=words):
            write_folder({"a.json": "{}"}, folder, force=True)
    assert names(tmp_path) == ["file", "taken"]
