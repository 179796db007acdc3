"""A pool may be a file, a folder or a split of one, and says so by what lies there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from neufs_tui.storage import paths
from neufs_tui.storage.pool_place import is_table, pool_digest, pool_files, pool_name

CARD = """---
license_link: https://example.org
configs:
- config_name: default
  data_files:
  - split: human
    path: a.jsonl
  - split: "machine"
    path: b.jsonl
---
- split: prose
"""


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "pool.jsonl",
        "saved/dataset_dict.json",
        "saved/train/state.json",
        "usual/train.jsonl.gz",
        "nested/data/train-00000-of-00001.parquet",
        "nested/data/odd-00000-of-00001.parquet",
        "carded/a.jsonl",
        "none/notes.md",
    ):
        Path(tmp_path, name).parent.mkdir(parents=True, exist_ok=True)
        Path(tmp_path, name).write_text(name)
    Path(tmp_path, "carded/README.md").write_text(CARD)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("source", "is_one", "session"),
    [
        ("-", False, "stdin.neufs.db"),
        ("pool.jsonl", False, "pool.neufs.db"),
        ("missing", False, "missing.neufs.db"),
        ("train", False, "train.neufs.db"),
        ("pool.v1.parquet", True, "pool.v1.neufs.db"),
        ("saved", True, "saved.neufs.db"),
        ("saved/", True, "saved.neufs.db"),
        ("saved/train", True, "saved.train.neufs.db"),
        ("saved/gone", True, "saved.gone.neufs.db"),
        ("saved/dataset_dict.json", False, "saved/dataset_dict.neufs.db"),
        ("usual/test", True, "usual.test.neufs.db"),
        ("usual/tset", False, "usual/tset.neufs.db"),
        ("nested/odd", True, "nested.odd.neufs.db"),
        ("nested/train", True, "nested.train.neufs.db"),
        ("nested/odd-00000-of-00001", False, "nested/odd-00000-of-00001.neufs.db"),
        ("nested/o*", False, "nested/o*.neufs.db"),
        ("carded/human", True, "carded.human.neufs.db"),
        ("carded/machine", True, "carded.machine.neufs.db"),
        ("carded/prose", False, "carded/prose.neufs.db"),
        ("none/test", False, "none/test.neufs.db"),
        ("none", True, "none.neufs.db"),
    ],
)
def test_a_path_says_what_a_pool_is(source: str, is_one: bool, session: str) -> None:
    assert is_table(source) == is_one
    assert paths.default_session_path(source) == Path(session)
    assert paths.project_config_path(source) == Path(session).with_name("neufs.toml")


def test_a_folder_has_a_name_however_it_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "saved")
    for source in (".", "../saved", "train/.."):
        assert paths.default_session_path(source).resolve() == tmp_path / "saved.neufs.db"
    assert paths.default_session_path("train").resolve() == tmp_path / "saved.train.neufs.db"
    assert pool_name("train") == "saved.train"


def test_what_changes_a_folder_is_in_its_files_but_not_in_its_sessions(tmp_path: Path) -> None:
    before = pool_digest("usual")
    assert before == pool_digest(str(tmp_path / "usual")) == pool_digest("usual/test")
    assert pool_files("usual/test") == [Path("usual/train.jsonl.gz")]
    for name in ("usual/test.neufs.db", "usual/test.neufs.db-wal", "usual/.lock"):
        Path(name).write_text("x")
    Path("usual/.hidden").mkdir()
    Path("usual/.hidden/file.jsonl").write_text("x")
    assert pool_digest("usual") == before
    Path("usual/test.jsonl").write_text("x")
    more = pool_digest("usual")
    Path("usual/test.jsonl").rename("usual/dev.jsonl")
    assert len({before, more, pool_digest("usual")}) == 3
    assert pool_digest("pool.jsonl") == hashlib.sha256(b"pool.jsonl").hexdigest()
    with pytest.raises(FileNotFoundError):
        pool_digest("missing")
