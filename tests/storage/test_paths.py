from __future__ import annotations

from pathlib import Path

import pytest

from neufs_tui.storage import paths


@pytest.mark.parametrize(
    ("source", "session", "config"),
    [
        ("data/pool.jsonl", "data/pool.neufs.db", "data/neufs.toml"),
        ("pool.csv", "pool.neufs.db", "neufs.toml"),
        ("/abs/my.pool.json", "/abs/my.pool.neufs.db", "/abs/neufs.toml"),
        ("data/pool.jsonl.gz", "data/pool.neufs.db", "data/neufs.toml"),
        ("my.pool.CSV.GZ", "my.pool.neufs.db", "neufs.toml"),
        ("-", "stdin.neufs.db", "neufs.toml"),
    ],
)
def test_session_and_configuration_lie_beside_the_pool(
    source: str, session: str, config: str
) -> None:
    assert paths.default_session_path(source) == Path(session)
    assert paths.project_config_path(source) == Path(config)


def test_folders_follow_the_xdg_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CACHE", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    assert paths.models_dir() == tmp_path / "CACHE/neufs-tui/models"
    assert paths.activations_dir() == tmp_path / "CACHE/neufs-tui/activations"
    assert paths.user_config_path() == tmp_path / "CONFIG/neufs-tui/config.toml"
    assert paths.log_path() == tmp_path / "STATE/neufs-tui/neufs-tui.log"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_xdg_variable_counts_as_unset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind in ("CACHE", "CONFIG", "STATE"):
        if value is None:
            monkeypatch.delenv(f"XDG_{kind}_HOME")
        else:
            monkeypatch.setenv(f"XDG_{kind}_HOME", value)
    assert paths.cache_dir() == tmp_path / ".cache/neufs-tui"
    assert paths.user_config_path() == tmp_path / ".config/neufs-tui/config.toml"
    assert paths.log_path() == tmp_path / ".local/state/neufs-tui/neufs-tui.log"
