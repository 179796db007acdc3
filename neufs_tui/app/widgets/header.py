"""The first line: the pool, the model, and what is to be known all the time."""

from __future__ import annotations

from neufs_tui.app.widgets.bar import Bar
from neufs_tui.core.text import one_line
from neufs_tui.engine.protocol import ModelReady
from neufs_tui.wording import sentences


class Header(Bar):
    """Names pool and model; a hunt and a changed file are said before the pool."""

    _pool_name = ""
    _hunt = ""
    _change = ""

    def name_pool(self, pool_name: str) -> None:
        """Name the pool as it is now, whose file has not changed since."""
        self._pool_name, self._change = pool_name, ""
        self._tell()

    def name_model(self, model: ModelReady) -> None:
        """Name the model and where it runs."""
        name = sentences.model_name(model.name, model.adapter)
        self.right = one_line(f"{name} · {model.device} · {model.dtype}")

    def tell_change(self, key: str) -> None:
        """Say that the pool's file has changed, with the key that takes it in."""
        self._change = sentences.pool_changed(key)
        self._tell()

    def tell_hunt(self, label: str | None, key: str) -> None:
        """Say which label is hunted for, with the key that leaves the hunt; None is for none."""
        self._hunt = f"{sentences.hunting(label)}: {key} leaves" if label is not None else ""
        self._tell()

    def _tell(self) -> None:
        said = [*filter(None, (self._hunt, self._change))] or ["neufs-tui"]
        self.parts = (*said, *filter(None, [one_line(self._pool_name)]))
