"""What a command line asks of a project, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neufs_tui.storage.gold_labels import GoldLabels


@dataclass(frozen=True, slots=True)
class ProjectRequest:
    """A pool and everything the user said about it; None and empty mean: not said."""

    source: str
    """Path of the pool, or `-` for standard input."""
    text_field: str | None = None
    encoding: str | None = None
    skip_bad_lines: bool = False
    session: str | None = None
    labels: tuple[str, ...] = ()
    labels_from: str | None = None
    labels_else: GoldLabels | None = None
    """The labels where nobody has said what they are."""
    given: str | None = None
    """Field of the pool with labels that were given there."""
    model: str | None = None
    device: str | None = None
    device_map: str | None = None
    dtype: str | None = None
    trust_remote_code: bool = False
    trust_self_check: bool = False
    adapter: str | None = None
    shots: int | None = None
    tau: float | None = None
    seed: int | None = None
    rescore: str | None = None
    difficulty: str | None = None
    strategy: str | None = None
    calibration: bool | None = None
    balance: bool | None = None
    check: int | None = None
    again: int | None = None
    test: str | None = None
    gold: str | None = None
