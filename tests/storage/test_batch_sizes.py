from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.storage.batch_sizes import BatchSizes


def test_a_size_that_failed_is_remembered_until_there_is_more_memory(tmp_path: Path) -> None:
    sizes = BatchSizes(tmp_path / "cache" / "sizes.json")
    assert sizes.limit("m", 1000) is None
    sizes.remember("m", 512, 1000)
    sizes.remember("other", 64, 1000)
    again = BatchSizes(tmp_path / "cache" / "sizes.json")
    assert again.limit("m", 1200) == 512
    assert again.limit("m", 200) == 512
    assert again.limit("m", 1501) is None
    assert again.limit("other", 1000) == 64


@pytest.mark.parametrize("content", ["", "[]", '{"m": 3}', '{"m": {"tokens": "x"}}', "\x00"])
def test_a_damaged_file_is_forgotten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sizes.json"
    path.write_text(content)
    sizes = BatchSizes(path)
    assert sizes.limit("m", 1000) is None
    sizes.remember("m", 8, 1000)
    assert sizes.limit("m", 1000) == 8
