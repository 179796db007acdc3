"""How much memory is free, on the host as its control groups leave it and on each CUDA device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import torch

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")
_FILES = {
    "": ("memory.max", "memory.current", ("inactive_file", "active_file")),
    "memory": (
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
}
"""Limit, use and what of it is cached files, by controller: of version 2, of version 1."""


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """Bytes that may still be taken."""

    host: int
    """Swap included: what is there may be used, however slowly."""
    gpus: Mapping[str, int] = field(default_factory=dict)
    """By device, such as `cuda:0`."""

    @property
    def everywhere(self) -> int:
        """Of all devices and the host together."""
        return self.host + sum(self.gpus.values())

    def on(self, device: str) -> int | None:
        """On one device; None where it cannot be told."""
        if device in {"cpu", "mps"}:
            return self.host
        return self.gpus.get(device)


def free_memory() -> FreeMemory:
    """What is free now."""
    host = psutil.virtual_memory().available + psutil.swap_memory().free
    left = group_room(_OWN_GROUPS, _GROUPS)
    gpus = {}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            # What torch holds without using it goes to the next that asks
            kept = torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index)
            gpus[f"cuda:{index}"] = torch.cuda.mem_get_info(index)[0] + kept
    return FreeMemory(host if left is None else min(host, left), gpus)


def group_room(own_groups: Path, groups: Path) -> int | None:
    """Bytes that the control groups of this process still allow it, as in a container.

    Args:
        own_groups: the file with this process's groups.
        groups: the folder in which groups are.

    Returns:
        None where none limits it.
    """
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:  # no Linux
        return None
    rooms = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in _FILES.keys() & set(controllers.split(",")):
            root = groups / controller
            rooms += [_room(folder, controller) for folder in _upwards(root, path)]
    known = [room for room in rooms if room is not None]
    return min(known) if known else None


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """A group's folder and those above it; a limit of any holds for all below."""
    folder = root / path.lstrip("/")
    yield folder
    while folder != root and root in folder.parents:
        folder = folder.parent
        yield folder


def _room(folder: Path, controller: str) -> int | None:
    limit, used, cached = _FILES[controller]
    try:
        most, now = int((folder / limit).read_text()), int((folder / used).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such group here, or the limit is `max`
        return None
    # Cached files are dropped when the memory is wanted
    return max(0, most - now + sum(int(stat.get(name, 0)) for name in cached))
