"""Models and prompts that are compared on the same labels and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neufs_tui.core.settings import NO_ADAPTER
from neufs_tui.core.text import plural
from neufs_tui.errors import UsageError
from neufs_tui.project.config_file import read_config_file
from neufs_tui.project.project import Project

_PARTS = ("instruction", "input", "answer_prefix", "labels")


@dataclass(frozen=True, slots=True)
class Variant:
    """One model with one prompt."""

    name: str
    """Of the model, or of the file with the prompt."""
    project: Project


def variants(
    project: Project, models: Sequence[str] = (), configs: Sequence[Path] = ()
) -> list[Variant]:
    """The project as it is, or with each of some models; then with what each of some files says.

    Args:
        project: pool, task and model.
        models: names of models; none for the project's own.
        configs: files like `neufs.toml`, whose `[task]` and `[model]` win.

    Raises:
        UsageError: a file is none, or names other labels.
    """
    found = [
        _of(replace(project, model=project.model.renamed(name)))
        for name in models or (project.model.name,)
    ]
    return found + [Variant(path.stem, _as_said(project, path)) for path in configs]


def _of(project: Project) -> Variant:
    name, adapter = project.model.name, project.model.adapter
    put_on = f" + {_short(adapter)}" if adapter not in (None, NO_ADAPTER) else ""
    return Variant(_short(name) + put_on, project)


def _short(model: str) -> str:
    """A folder or file by its last part, as rows are narrow; another model by its name."""
    path = Path(model)
    return path.resolve().name if path.exists() else model


def _as_said(project: Project, path: Path) -> Project:
    if not path.is_file():
        raise UsageError(f"there is no file {path}", hint="give one like neufs.toml")
    said = read_config_file(path)
    task = project.require_task()
    other = {name: said[f"task.{name}"] for name in _PARTS if f"task.{name}" in said}
    changed = replace(task, **other)
    if changed.label_names != task.label_names:
        raise UsageError(
            f"{path} names {plural(len(changed.labels), 'label')} that are not the task's "
            f"{len(task.labels):,}, or in another order",
            hint="name the same labels; only prompts and models can be compared",
        )
    model = {key.removeprefix("model."): said[key] for key in said if key.startswith("model.")}
    named = project.model.renamed(model.get("name", project.model.name))
    return replace(project, task=changed, model=replace(named, **model))
