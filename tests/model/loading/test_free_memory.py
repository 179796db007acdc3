"""Free memory as a container's control groups leave it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from neufs_tui.model.loading import free_memory
from neufs_tui.model.loading.free_memory import FreeMemory, group_room


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)


def room(tmp_path: Path, own: str) -> int | None:
    (tmp_path / "own").write_text(own)
    return group_room(tmp_path / "own", tmp_path / "groups")


def test_the_tightest_limit_above_holds_and_cached_files_are_free(tmp_path: Path) -> None:
    groups = tmp_path / "groups"
    stat = "anon 900\ninactive_file 100\nactive_file 50\n"
    write(groups / "a", memory__max="2000\n", memory__current="1100\n", memory__stat=stat)
    write(groups / "a" / "b", memory__max="max\n", memory__current="900\n", memory__stat=stat)
    assert room(tmp_path, "0::/a/b\n") == 2000 - 1100 + 150


def test_in_a_container_the_groups_begin_at_its_own(tmp_path: Path) -> None:
    files = {"memory__max": "500", "memory__current": "600", "memory__stat": ""}
    write(tmp_path / "groups", **files)
    assert room(tmp_path, "0::/docker/not-seen-here\n") == 0


def test_the_first_version_of_groups_is_read(tmp_path: Path) -> None:
    write(
        tmp_path / "groups" / "memory" / "job",
        memory__limit_in_bytes="2000",
        memory__usage_in_bytes="700",
        memory__stat="total_inactive_file 30\ntotal_active_file 3\n",
    )
    assert room(tmp_path, "3:cpu,memory:/job\n1:cpuset:/job\n") == 1333


@pytest.mark.parametrize("own", ["0::/\n", "2:pids:/x\n", ""])
def test_without_limits_nothing_is_told(tmp_path: Path, own: str) -> None:
    write(tmp_path / "groups", memory__max="max", memory__current="1", memory__stat="")
    assert room(tmp_path, own) is None


def test_where_there_are_no_groups_nothing_is_told(tmp_path: Path) -> None:
    assert group_room(tmp_path / "none", tmp_path) is None


def test_the_host_has_what_both_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "group_room", lambda *_: 1000)
    assert free_memory.free_memory().host == 1000
    monkeypatch.setattr(free_memory, "group_room", lambda *_: 1 << 60)
    most = psutil.virtual_memory().total + psutil.swap_memory().total
    assert 0 < free_memory.free_memory().host <= most


def test_devices_are_told_apart() -> None:
    free = FreeMemory(10, {"cuda:0": 3, "cuda:1": 4})
    assert (free.on("cpu"), free.on("cuda:1"), free.on("xpu:0")) == (10, 4, None)
    assert free.everywhere == 17
