"""A project as the engine's task; imports nothing that takes time."""

from __future__ import annotations

from dataclasses import replace

from neufs_tui.core.settings import REFERENCE_CAPTURE, CaptureSettings
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.storage.paths import cache_dir
from neufs_tui.storage.project import Project


def engine_config(
    project: Project,
    capture: CaptureSettings,
    *,
    file_order_first: bool = False,
) -> EngineConfig:
    """What the engine is to do for a project.

    Args:
        project: pool, task, model and selection.
        capture: what is recorded of the model.
        file_order_first: scan the examples that are shown first before the others.

    Raises:
        UsageError: nobody said what the labels are.
    """
    return EngineConfig(
        examples=project.pool.examples,
        task=project.require_task(),
        model=project.model,
        cache_dir=cache_dir(),
        capture=capture,
        selection=replace(project.selection, raw_counts=capture == REFERENCE_CAPTURE),
        file_order_first=file_order_first,
    )
