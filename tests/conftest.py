"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.paced import Pace

SHARED = Path(__file__).parents[2] / "shared"
"""Data sets and recorded outputs kept beside the project, not in it."""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own configuration, caches or logs."""
    for variable in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / "xdg" / variable.lower()))
    for variable in [name for name in os.environ if name.startswith("NEUFS_")]:
        monkeypatch.delenv(variable)


@pytest.fixture(autouse=True, scope="session")
def _signals() -> None:
    """What a test starts hears Ctrl-C and hang-ups, also under nohup or in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _closed_sessions() -> Iterator[None]:
    """Every session that a test opened through the fakes is closed at its end."""
    yield
    if fakes := sys.modules.get("tests.fakes"):
        while fakes.OPENED:
            fakes.OPENED.pop().close()


@pytest.fixture
def shared() -> Path:
    """The folder with shared data; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared data folder")
    return SHARED


@pytest.fixture
def pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pace]:
    """Lets batches of a paced program or engine pass."""
    from tests.paced import Pace

    monkeypatch.setenv("PACED_FIFO", str(tmp_path / "pace"))
    pace = Pace(tmp_path / "pace")
    yield pace
    pace.close()


@pytest.fixture(scope="session")
def forked_engines() -> Iterator[None]:
    """Engines are forked from a process that has imported what they need."""
    from tests.forked import SOCKET, fork_server, use_forks

    # the path of a socket may have a hundred characters
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(SOCKET, f"{folder}/engines")
        with fork_server(Path(folder, "engines")):
            use_forks()
            yield


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
