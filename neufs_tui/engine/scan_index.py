"""Where the scan of a pool is kept, known without loading the model that made it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from neufs_tui import __version__
from neufs_tui.core.model_shape import ModelShape
from neufs_tui.core.records import ModelIdentity
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.remembered import Remembered
from neufs_tui.storage.activations import CacheKey, CacheSource
from neufs_tui.storage.file_states import file_states

_LIBRARIES = ("torch", "transformers")


@dataclass(frozen=True, slots=True)
class KnownScan:
    """What a scan was made with, and its activation cache."""

    model: ModelIdentity
    prompt: str
    """Digest of the prompt, as the cache's key has it."""
    shape: ModelShape
    reads_all: bool
    """Every label was read to its end, whatever its chances."""

    def cache(self, config: EngineConfig) -> CacheSource:
        """The cache that holds it."""
        key = CacheKey(self.model.fingerprint, self.prompt, config.capture, self.model.dtype)
        return CacheSource(config.cache_dir / "activations", key, self.shape)


class ScanIndex:
    """By model, task and capture settings as they were asked for: which scan that was."""

    def __init__(self, cache_dir: Path) -> None:
        """Bind the folder of the caches."""
        self._remembered = Remembered(cache_dir / "scans.json")

    def add(self, config: EngineConfig, scan: KnownScan, files: Iterable[Path]) -> None:
        """Keep where a scan is.

        Args:
            config: what was asked for.
            scan: what it was made with.
            files: every file the model was read from.
        """
        then = {str(file.absolute()): list(state) for file, state in file_states(files).items()}
        kept = asdict(scan) | {"shape": scan.shape.to_text(), "files": then}
        self._remembered.add({_key(config): kept})

    def find(self, config: EngineConfig) -> KnownScan | None:
        """The scan of what is asked for; None if none is known, or a file of its model changed."""
        match self._remembered.all().get(_key(config)):
            case {
                "model": {
                    "name": str(name),
                    "fingerprint": str(fingerprint),
                    "device": str(device),
                    "dtype": str(dtype),
                    "adapter": str() | None as adapter,
                    "base": str() | None as base,
                    "trusted": bool(trusted),
                },
                "prompt": str(prompt),
                "shape": str(shape),
                "reads_all": bool(reads_all),
                "files": dict(files),
            }:
                if not _unchanged(files):
                    return None
                model = ModelIdentity(name, fingerprint, device, dtype, adapter, base, trusted)
                return KnownScan(model, prompt, ModelShape.from_text(shape), reads_all)
        return None


def _unchanged(files: dict[str, object]) -> bool:
    try:
        now = file_states(map(Path, files))
    except OSError:
        return False
    return all(list(now[Path(file)]) == then for file, then in files.items())


def _key(config: EngineConfig) -> str:
    """Digest of all that shapes a capture besides the text, as far as it was asked for."""
    asked = [asdict(one) for one in (config.model, config.task, config.capture)]
    versions = [__version__, *map(version, _LIBRARIES)]
    return blake2b(json.dumps([asked, versions]).encode(), digest_size=16).hexdigest()
