"""The model in memory, which stays for whatever is wanted next as long as it is the one wanted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from neufs_tui.engine.announcer import Announcer
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.storage.file_states import FileState, file_states

if TYPE_CHECKING:
    from neufs_tui.core.settings import ModelChoice
    from neufs_tui.model.loaded import LoadedModel

logger = logging.getLogger(__name__)


class KeptModel:
    """At most one model at a time."""

    def __init__(self) -> None:
        """Begin without one."""
        self._loaded: LoadedModel | None = None
        self._wanted: tuple[ModelChoice, Path] | None = None
        self._files: dict[Path, FileState] = {}
        """What its files were when it was loaded."""

    def load(self, config: EngineConfig, announcer: Announcer) -> LoadedModel:
        """The model that is wanted; nobody else may hold on to another.

        Raises:
            NeufsError: it cannot be loaded.
        """
        from neufs_tui.model.loading.checked import load_checked_model
        from neufs_tui.model.memory import release_memory

        if self._loaded is None or not self.is_for(config):
            self._loaded = None
            release_memory()
            loaded = load_checked_model(config.model, config.cache_dir / "models", announcer)
            self._files = file_states(loaded.files)
            self._loaded, self._wanted = loaded, (config.model, config.cache_dir)
        return self._loaded

    def is_for(self, config: EngineConfig) -> bool:
        """Whether it is what a configuration wants, as its files are now."""
        if self._wanted != (config.model, config.cache_dir):
            return False
        try:
            return file_states(self._files) == self._files
        except OSError as error:
            logger.info("files of the model are gone: %s", error)
            return False
