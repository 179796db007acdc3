"""Where files are kept when nobody says otherwise. Nothing is created here."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from neufs_tui.storage.pool_place import pool_home, pool_name

_APP = "neufs-tui"

LOG_FORMAT = "%(asctime)s %(process)d %(name)s %(levelname)s %(message)s"
"""A line of the log file, which the app and its engine share."""


def cache_dir() -> Path:
    """Everything that can be made again."""
    return platformdirs.user_cache_path(_APP)


def models_dir() -> Path:
    """Models fetched or converted."""
    return cache_dir() / "models"


def activations_dir() -> Path:
    """Activation caches."""
    return cache_dir() / "activations"


def log_path() -> Path:
    """What the engine and the libraries under it print."""
    return platformdirs.user_state_path(_APP) / "neufs-tui.log"


def clipboard_path() -> Path:
    """What is copied where no clipboard can be reached."""
    return platformdirs.user_state_path(_APP) / "clipboard.txt"


def engines_dir() -> Path:
    """Where the engines that run are found."""
    return platformdirs.user_state_path(_APP) / "engines"


def user_config_path() -> Path:
    """The user's own configuration, under every project's."""
    return platformdirs.user_config_path(_APP) / "config.toml"


def project_config_path(source: str) -> Path:
    """The `neufs.toml` of a pool: beside it, or in the current folder for standard input."""
    return pool_home(source) / "neufs.toml"


def default_session_path(source: str) -> Path:
    """The session of a pool: `pool.jsonl` or `pool.jsonl.gz` → `pool.neufs.db` beside it."""
    return pool_home(source) / f"{pool_name(source)}.neufs.db"
