"""The model of a command: loaded once, and not before something is to be read with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from neufs_tui.engine.announcer import Announcer, Listener
from neufs_tui.engine.protocol import EngineConfig

if TYPE_CHECKING:
    from neufs_tui.model.loaded import LoadedModel


class NeededModel:
    """What a configuration asks for."""

    def __init__(self, config: EngineConfig, listener: Listener) -> None:
        """Bind it.

        Args:
            config: names the model, and where caches are.
            listener: hears stages, and what was loaded.
        """
        self._config = config
        self._listener = listener

    @cached_property
    def loaded(self) -> LoadedModel:
        """The model.

        Raises:
            NeufsError: it cannot be loaded.
        """
        from neufs_tui.engine.scanning import ready
        from neufs_tui.model.loading.checked import load_checked_model

        announcer = Announcer(self._listener)
        announcer.stage("libraries", "starting PyTorch and transformers")
        models_dir = self._config.cache_dir / "models"
        loaded = load_checked_model(self._config.model, models_dir, announcer)
        self._listener(ready(loaded))
        return loaded
