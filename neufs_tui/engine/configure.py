"""A project as the engine's task; imports nothing that takes time."""

from __future__ import annotations

from dataclasses import replace

from neufs_tui.core.records import ExampleId
from neufs_tui.core.settings import REFERENCE_CAPTURE, CaptureSettings, SelectionSettings
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.project.project import Project
from neufs_tui.storage.paths import cache_dir


def engine_config(
    project: Project,
    capture: CaptureSettings,
    *,
    first: tuple[ExampleId, ...] = (),
) -> EngineConfig:
    """What the engine is to do for a project.

    Args:
        project: pool, task, model and selection.
        capture: what is recorded of the model.
        first: examples to be scanned before the others.

    Raises:
        UsageError: nobody said what the labels are.
    """
    return EngineConfig(
        examples=project.pool.examples,
        task=project.require_task(),
        model=project.model,
        cache_dir=cache_dir(),
        capture=capture,
        selection=_as_published(project.selection)
        if capture == REFERENCE_CAPTURE
        else project.selection,
        first=first,
        tests=project.test.texts if project.test is not None else (),
    )


def _as_published(selection: SelectionSettings) -> SelectionSettings:
    return replace(selection, difficulty="count", raw_counts=True)
