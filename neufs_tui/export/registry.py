"""The formats by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import FewShotSet
from neufs_tui.export.format import Files, Format, Needs, Shape
from neufs_tui.export.formats import (
    annotation_tools,
    frameworks,
    hugging_face,
    measuring,
    prompt_files,
    rows,
    tool_rows,
    turns,
)

_FAMILIES = (
    rows,
    turns,
    prompt_files,
    frameworks,
    measuring,
    hugging_face,
    tool_rows,
    annotation_tools,
)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {name: form for family in _FAMILIES for name, form in family.FORMATS.items()}
)
"""Name → format."""


def of_shape(shape: Shape) -> dict[str, Format]:
    """The formats that are for one thing."""
    return {name: form for name, form in FORMATS.items() if form.shape is shape}


def find_format(name: str) -> Format:
    """A format by its name.

    Raises:
        ExportError: there is none.
    """
    if name not in FORMATS:
        raise ExportError(
            f"there is no format {name!r}", hint=f"choose one of {', '.join(FORMATS)}"
        )
    return FORMATS[name]


def render(name: str, few_shot: FewShotSet) -> Files:
    """The set in a format.

    Args:
        name: one of `FORMATS`.
        few_shot: the set, with what the format needs beside it.

    Returns:
        Name → content; of a format that is one file, that under its usual name.

    Raises:
        ExportError: there is no such format, it cannot hold a text, or what it needs is not there.
    """
    form = find_format(name)
    there = {
        Needs.TESTS: bool(few_shot.tests),
        Needs.TEXTS: bool(few_shot.texts),
        Needs.TEMPLATE: few_shot.prompt is not None,
    }
    if form.needs is not None and not there[form.needs]:
        raise ExportError(f"{name} is made of {form.needs} too", hint=_HINTS[form.needs])
    written = form.write(few_shot)
    if isinstance(written, str):
        return {form.path: written}
    return written | {"README.md": written.get("README.md", "") + _readme(name, form, few_shot)}


_HINTS = {
    Needs.TESTS: "name a file of them with --test FILE, or label check examples with label --check",
    Needs.TEXTS: "name a file of them with --texts FILE",
    Needs.TEMPLATE: "name the model with --model",
}


def _readme(name: str, form: Format, few_shot: FewShotSet) -> str:
    language = "python" if "load_dataset" in form.loading else "sh"
    loading = form.loading.replace("TASK", few_shot.name)
    if "/" in few_shot.model:  # as a hub or a folder has it
        loading = loading.replace("MODEL", few_shot.model)
    return (
        f"# {few_shot.name}\n\n"
        f"{len(few_shot.labelled):,} labelled examples for {form.read_by}, written by neufs-tui "
        f"(`export --format {name}`); `manifest.json` says where they come from. "
        "From this folder:\n\n"
        f"```{language}\n{loading}\n```\n"
    )
