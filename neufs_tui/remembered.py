"""What was found out once and is worth a small file: forgotten without harm, never in the way."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from neufs_tui.atomic import whole_files

logger = logging.getLogger(__name__)


class Remembered:
    """Values by name in one JSON file, from one run to the next; several processes may use it."""

    def __init__(self, path: Path) -> None:
        """Bind the file; it need not be there."""
        self._path = path

    def all(self) -> dict[str, object]:
        """Everything there is; nothing where the file is missing or damaged."""
        try:
            found = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("what %s remembers is forgotten: %s", self._path, error)
            return {}
        return found if isinstance(found, dict) else {}

    def add(
        self, values: Mapping[str, object], *, keep: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Keep some values too; where the file cannot be written, nothing is kept.

        Args:
            values: by name.
            keep: whether what is there already under a name is still of use.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock")):
                kept = {name: value for name, value in self.all().items() if keep(name)}
                with whole_files(self._path, locked=True) as (part,):
                    part.write_text(json.dumps(kept | dict(values)))
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._path, error)
