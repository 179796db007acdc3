"""The set in one format or several: where each goes, what it is made of, and the check of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.output import say, tables
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError, UsageError
from neufs_tui.export.registry import FORMATS, of_shape

if TYPE_CHECKING:
    from neufs_tui.core.exact_prompt import TemplatedPrompt
    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.core.records import Example, Task
    from neufs_tui.export.few_shot_set import FewShotSet
    from neufs_tui.export.manifest import Provenance
    from neufs_tui.project.request import ProjectRequest

_TITLES = {
    "prompt": "One prompt, with all examples in front of what is asked",
    "rows": "One row an example, to train on, to measure with or to go on labelling",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a format goes."""

    name: str
    """Of the format."""
    path: Path | None
    """Its file or folder; None is standard output."""
    in_folder: bool = False
    """It lies under its usual name in a folder that was named, which need not be there."""

    @property
    def is_folder(self) -> bool:
        """Whether the format is several files."""
        return FORMATS[self.name].is_folder


def list_formats(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    """Print every format, who reads it and whether the order is kept; then the command is done."""
    if not is_asked or context.resilient_parsing:
        return
    from rich.table import Table

    from neufs_tui.export.format import Shape

    console = tables()
    for shape in Shape:
        table = Table("", "read by", "order", "written as", box=None, pad_edge=False)
        table.columns[0].no_wrap = table.columns[3].no_wrap = True
        for name, form in of_shape(shape).items():
            table.add_row(name, form.read_by, form.order, form.path + "/" * form.is_folder)
        console.print(_TITLES[shape.value], style="bold")
        console.print(table)
        console.print()
    context.exit()


def destinations(names: Sequence[str], output: str) -> list[Destination]:
    """Where each format goes.

    Args:
        names: of the formats.
        output: what was named: a file, or a folder for it or for several; `-` is standard output.

    Raises:
        UsageError: several files cannot go to standard output, or who reads the file will not by
            such a name.
    """
    folders = [name for name in names if FORMATS[name].is_folder]
    if output == "-" and (folders or len(names) > 1):
        what = f"{folders[0]} is a folder" if folders else "several formats are several files"
        raise UsageError(what, hint="name a folder for it with -o FOLDER")
    if output == "-":
        return [Destination(names[0], None)]
    is_in_folder = not folders and (output.endswith("/") or Path(output).is_dir())
    if len(names) == 1 and not is_in_folder:
        form, suffix = FORMATS[names[0]], Path(FORMATS[names[0]].path).suffix
        if form.by_suffix and Path(output).suffix != suffix:
            reader = form.read_by.split(",")[0]
            raise UsageError(
                f"{reader} tells by a name that ends with {suffix} what a file is",
                hint=f"name it {output}{suffix}",
            )
        return [Destination(names[0], Path(output))]
    return [Destination(name, Path(output) / FORMATS[name].path, in_folder=True) for name in names]


def refuse_taken_places(places: Sequence[Destination], *, force: bool) -> None:
    """See to it that every format can have its place.

    Raises:
        ExportError: one cannot.
    """
    from neufs_tui.export.writer import MANIFEST, refuse_taken, refuse_taken_folder

    for place in places:
        if place.path is None:
            continue
        if place.in_folder and not place.path.parent.exists():
            refuse_taken_folder(place.path.parent, [])
        elif place.is_folder:
            refuse_taken_folder(place.path, [MANIFEST], force=force)
        else:
            refuse_taken(place.path, force=force)


def made_set(
    request: ProjectRequest,
    names: Sequence[str],
    task: Task,
    labelled: Sequence[LabelledExample],
    *,
    model: str,
    tests: Sequence[tuple[Example, str]],
    texts: str | None,
    decided: Sequence[str],
) -> FewShotSet:
    """The set, with what some of the formats need beside it.

    Args:
        request: the pool, and what was said about it.
        names: of the formats.
        task: what is asked.
        labelled: in the order that the export is to have.
        model: as it was named.
        tests: texts with gold labels.
        texts: file of texts to ask about; None asks about what is not decided in the pool.
        decided: ids of what is.
    """
    from neufs_tui.export.few_shot_set import FewShotSet, tool_name
    from neufs_tui.export.format import Needs

    needed = {FORMATS[name].needs for name in names}
    return FewShotSet(
        task,
        labelled,
        tool_name(request.source),
        model,
        tests,
        _texts(request, texts, decided) if Needs.TEXTS in needed else (),
        _templated(request, labelled) if Needs.TEMPLATE in needed else None,
    )


def gold_tests(
    source: str,
    task: Task,
    labelled: Sequence[LabelledExample],
    options: Mapping[str, Any],
    field: str,
) -> list[tuple[Example, str]]:
    """Texts with gold labels of a file, without those that the set shows.

    Args:
        source: its path.
        task: whose labels the gold labels are.
        labelled: the set.
        options: how the file is read, as for the pool.
        field: of the gold label.

    Raises:
        PoolError: it cannot be read.
        UsageError: a gold label is none of the task's, or nothing is left.
    """
    from neufs_tui.storage.gold_texts import read_gold_texts

    read = read_gold_texts(
        source,
        task,
        field=field,
        text_field=options["text_field"],
        encoding=options["encoding"],
        left_out={one.example.id for one in labelled},
        why="the set shows them",
    )
    for notice in read.notices:
        say(f"{source}: {notice}")
    return [*zip(read.texts, read.labels, strict=True)]


def write_formats(
    places: Sequence[Destination],
    few_shot: FewShotSet,
    provenance: Provenance,
    *,
    force: bool,
    check: bool,
    left_out: Sequence[LabelledExample],
    said: Mapping[str, Any],
) -> None:
    """Write every format with its manifest, or none of them.

    Args:
        places: where each goes.
        few_shot: the set.
        provenance: where it comes from.
        force: replace files that are there.
        check: read again what was written, and compare.
        left_out: check examples.
        said: what the manifests are to say besides.

    Raises:
        ExportError: a format cannot hold a text, cannot be written, or was not read as written.
    """
    from neufs_tui.cli.output import tell_data
    from neufs_tui.export.manifest import manifest_json
    from neufs_tui.export.registry import render
    from neufs_tui.export.writer import MANIFEST, manifest_path, write_export, write_folder

    rendered = [(place, render(place.name, few_shot)) for place in places]
    n_shots = plural(len(few_shot.labelled), "example")
    for place, files in rendered:
        if place.path is None:
            tell_data(next(iter(files.values())))
            continue
        placeholder = few_shot.prompt.placeholder if few_shot.prompt is not None else None
        manifest = manifest_json(
            provenance,
            few_shot.labelled,
            place.name,
            left_out=left_out,
            placeholder=placeholder if place.name == "prompt" else None,
            **said,
        )
        if place.in_folder:
            place.path.parent.mkdir(parents=True, exist_ok=True)
        if place.is_folder:
            write_folder({**files, MANIFEST: manifest}, place.path, force=force)
            say(f"wrote {n_shots} to {place.path}/, whose README.md says how to load it")
        else:
            (text,) = files.values()
            write_export(text, manifest, place.path, force=force)
            say(f"wrote {n_shots} to {place.path} and {manifest_path(place.path)}")
        if check:
            _check(place.name, place.path, few_shot)


def _check(name: str, path: Path, few_shot: FewShotSet) -> None:
    from neufs_tui.export.checks.registry import check_export

    checked = check_export(name, path, few_shot)
    same = f"{plural(len(few_shot.labelled), 'example')}, the same texts, labels and order"
    missing = f"; with {checked.missing} installed, it is read by that too"
    say(f"checked by {checked.by}: {same}{missing if checked.missing else ''}")


def _texts(
    request: ProjectRequest, source: str | None, decided: Sequence[str]
) -> tuple[Example, ...]:
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.pool import read_pool

    if source is None:
        pool = read_project(request).pool
    else:
        pool = read_pool(
            source,
            text_field=request.text_field,
            encoding=request.encoding,
            skip_bad_lines=request.skip_bad_lines,
        )
    for notice in pool.notices:
        say(notice)
    left = {*decided} if source is None else set()
    return tuple(one for one in pool.examples if one.id not in left)


def _templated(request: ProjectRequest, labelled: Sequence[LabelledExample]) -> TemplatedPrompt:
    """The prompt of the model that was named.

    Raises:
        ExportError: not all examples fit into its context window, or one holds what would be taken
            for a control token.
        ModelError: it has none that can be used.
    """
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.core.records import Demonstration
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.exact_prompt import load_encoder, templated
    from neufs_tui.project.project import read_project

    project = read_project(request)
    shown = [Demonstration(one.example.text, one.answer.text) for one in labelled]
    with Narrator(project.notices) as narrator:
        encoder = load_encoder(engine_config(project, CaptureSettings()), narrator)
    made = templated(encoder, shown)
    if made.is_exact and len(made.demonstrations) == len(shown):
        return made
    if len(made.demonstrations) < len(shown):
        raise ExportError(
            f"of {plural(len(shown), 'example')} {len(made.demonstrations):,} fit into the context "
            f"window of {project.model.name}",
            hint=f"ask for fewer, such as -k {len(made.demonstrations)}",
        )
    number = next(
        (
            one.example.number
            for one, alone in zip(labelled, shown, strict=True)
            if not templated(encoder, [alone]).is_exact
        ),
        None,
    )
    held = "its own turns" if number is None else f"the text of example {number:,}"
    raise ExportError(
        f"as one string the tokenizer of {project.model.name} would read {held} otherwise than the "
        "model does here",
        hint="choose a format of messages, such as chat",
    )
