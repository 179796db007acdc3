"""What has its name is whole, whatever happened while it was written."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.atomic import build_once, whole_files


class Stopped(Exception):
    """What goes wrong half-way."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(
    there=st.dictionaries(st.sampled_from("abc"), st.binary(max_size=9)),
    written=st.dictionaries(st.sampled_from("abc"), st.binary(max_size=9)),
    n_before_stop=st.one_of(st.none(), st.integers(0, 3)),
    locked=st.booleans(),
)
def test_files_get_their_names_together_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory,
    there: dict[str, bytes],
    written: dict[str, bytes],
    n_before_stop: int | None,
    locked: bool,
) -> None:
    folder = tmp_path_factory.mktemp("files")
    for name, content in there.items():
        (folder / name).write_bytes(content)
    paths = [folder / name for name in written]
    with suppress(Stopped), whole_files(*paths, locked=locked) as parts:
        for n, (part, content) in enumerate(zip(parts, written.values(), strict=True)):
            if n == n_before_stop:
                raise Stopped
            part.write_bytes(content)
            assert contents(folder).items() >= there.items()
    stopped = n_before_stop is not None and n_before_stop < len(written)
    assert contents(folder) == (there if stopped else there | written)


def test_a_file_may_be_read_by_whom_other_new_files_may(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with whole_files(tmp_path / "whole") as (part,):
        part.touch()
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_two_processes_write_beside_each_other_unless_one_has_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    with whole_files(path) as (ours,):
        ours.write_text("ours")
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with whole_files(path) as (theirs,):
            theirs.write_text("theirs")
        assert path.read_text() == "theirs"
    assert path.read_text() == "ours"


def test_what_a_killed_process_left_goes_under_the_next_lock(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with whole_files(path, locked=True) as (part,):
        left = part
        part.touch()
    left.write_text("half")
    with whole_files(path, locked=True) as (part,):
        assert part == left
        assert not part.exists()
        part.write_text("whole")
    assert contents(tmp_path) == {"file": b"whole"}


def test_a_folder_is_built_once_by_whoever_comes_first(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "folder"
    built = []

    def build(scratch: Path) -> None:
        assert not folder.exists()
        built.append(scratch)
        (scratch / "one").touch()

    with ThreadPoolExecutor(4) as several:
        assert set(several.map(lambda _: build_once(folder, build), range(8))) == {folder}
    assert len(built) == 1
    assert [path.name for path in folder.iterdir()] == ["one"]


def test_a_folder_that_fails_half_way_is_not_there(tmp_path: Path) -> None:
    def build(scratch: Path) -> None:
        (scratch / "one").touch()
        raise Stopped

    folder = tmp_path / "folder"
    with pytest.raises(Stopped):
        build_once(folder, build)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []
    assert build_once(folder, lambda scratch: (scratch / "two").touch()) == folder
    assert [path.name for path in folder.iterdir()] == ["two"]
