"""Fixtures that several packages' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
"""Data sets and recorded outputs kept beside the project, not in it."""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own configuration, caches or logs."""
    for variable in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / "xdg" / variable.lower()))
    for variable in ("MODEL", "DEVICE", "DTYPE", "SHOTS", "TAU", "SEED", "ENCODING"):
        monkeypatch.delenv(f"NEUFS_{variable}", raising=False)


@pytest.fixture
def shared() -> Path:
    """The folder with shared data; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared data folder")
    return SHARED


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Llama, as `--model` takes it."""
    from tests.tiny import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def embedded_models_dir() -> Path:
    """Where the embedded model is kept between test runs: the user's own cache."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("neufs-tui")) / "models"
