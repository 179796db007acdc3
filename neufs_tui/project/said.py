"""What is said about a pool before it is read: on the command line, and by its session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neufs_tui.core.records import ExampleId
from neufs_tui.errors import UsageError
from neufs_tui.project.config import Overrides
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.paths import default_session_path
from neufs_tui.storage.stored_json import PoolRecord, SessionSettings

_REMEMBERED = {
    "task": ("labels", "instruction", "input", "answer_prefix"),
    "model": ("name", "device", "device_map", "dtype", "adapter"),
    "selection": (
        "shots",
        "tau",
        "seed",
        "difficulty",
        "strategy",
        "calibration",
        "balance",
        "check",
        "again",
        "test",
        "gold",
    ),
}
"""What a session brings back. A model's own code and its family have to be trusted each time."""


def session_path(request: ProjectRequest) -> Path:
    """Where the session of a request lies, whether it exists or not."""
    return Path(request.session) if request.session else default_session_path(request.source)


@dataclass(frozen=True, slots=True)
class LastSession:
    """What the session knows from the last time."""

    settings: SessionSettings | None = None
    pool: PoolRecord | None = None
    given: tuple[str, ...] = ()
    """Labels that hold."""
    decided: frozenset[ExampleId] = frozenset()
    """Examples that are decided."""
    missing: str = ""
    """What it may have lost; empty when it is whole."""

    @property
    def remembered(self) -> dict[str, Any]:
        """What it brings back, as configuration."""
        remembered: dict[str, Any] = {}
        if self.settings is not None:
            for section, names in _REMEMBERED.items():
                values = getattr(self.settings, section)
                remembered |= {f"{section}.{name}": getattr(values, name) for name in names}
        if self.pool is not None and self.pool.text_field is not None:
            remembered["pool.text_field"] = self.pool.text_field
        return remembered


def overrides_of(request: ProjectRequest) -> Overrides:
    """What the command line says, as configuration.

    Raises:
        UsageError: it contradicts itself.
    """
    if request.labels and request.labels_from is not None:
        raise UsageError("--label and --labels-from contradict each other", hint="use one of them")
    return Overrides(
        labels=request.labels,
        model=request.model,
        device=request.device,
        device_map=request.device_map,
        dtype=request.dtype,
        trust_remote_code=request.trust_remote_code or None,
        trust_self_check=request.trust_self_check or None,
        adapter=request.adapter,
        shots=request.shots,
        tau=request.tau,
        seed=request.seed,
        rescore=request.rescore,
        difficulty=request.difficulty,
        strategy=request.strategy,
        calibration=request.calibration,
        balance=request.balance,
        check=request.check,
        again=request.again,
        test=request.test,
        gold=request.gold,
        text_field=request.text_field,
        encoding=request.encoding,
    )
