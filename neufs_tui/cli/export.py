"""`neufs-tui export`: the few-shot set, in the formats other tools read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.options import device_options, pool_options, project_request
from neufs_tui.cli.output import say, tables, tell_data
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError, UsageError
from neufs_tui.export.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.project.request import ProjectRequest

_OF_CHOOSE = (
    *("text_field", "encoding", "skip_bad_lines"),
    *("model", "device", "device_map", "dtype", "trust_remote_code"),
)
"""What nothing but `--choose` goes by."""


@click.command()
@pool_options
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    default="jsonl",
    show_default=True,
    help="jsonl and csv: one row an example. chat: one list of messages. openai: fine-tuning.",
)
@click.option("-k", type=int, metavar="N", help="Only the first N labelled.")
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    metavar="FILE",
    help="Where to write; - is standard output, without a manifest.",
)
@click.option("--force", is_flag=True, help="Replace FILE and its manifest.")
@click.option(
    "--choose",
    is_flag=True,
    help="Number and order that do best on labels held out, where that is no noise.",
)
@click.option(
    "--model", metavar="MODEL", help="As for label, with --choose.  [default: the session's]"
)
@device_options
def export(
    format_name: str, k: int | None, output: str, force: bool, choose: bool, **options: Any
) -> None:
    """Write the labelled examples of POOL, in the order they were labelled.

    jsonl and csv rows have the text as `text`, the label given as `label`, and the row's other
    fields; a `label` that the row had itself is kept as `gold_label`.

    Check examples (`label --check`) and accepted suggestions are left out. The instruction is
    the one that `label` would give the model now. Labels of the task with no example, or only
    one, are told. Beside FILE, FILE.manifest.json tells model, prompt, counts by label,
    strategy, seed, order, ids, hashes, versions, and what to add to each label's score to
    calibrate the model's answers.

    With --choose the model reads each label behind other ones, in several numbers and orders, and
    all in labelling order are written unless another is better by more than noise, also once
    answers are calibrated. What is read is kept, so a run that was stopped or killed goes on where
    it was. Options of the pool's file and of the model are for this alone.

    \b
    Examples:
      neufs-tui export pool.jsonl > few_shot.jsonl
      neufs-tui export pool.jsonl --format chat -k 10 -o prompt.json
      neufs-tui export pool.jsonl --choose -o few_shot.jsonl
    """
    from neufs_tui.core.labelled import class_counts
    from neufs_tui.export.manifest import (
        Provenance,
        changes_since,
        installed_versions,
        manifest_json,
    )
    from neufs_tui.export.registry import first_labelled, render
    from neufs_tui.export.writer import manifest_path, refuse_taken, write_export
    from neufs_tui.project.project import require_labels, task_by_now
    from neufs_tui.project.said import session_path
    from neufs_tui.storage.session import Session
    from neufs_tui.wording.standing import lacking

    _refuse_contradictions(choose, k, options)
    if output != "-":
        refuse_taken(Path(output), force=force)
    request = project_request(options)
    with Session.open(session_path(request), write=False) as session:
        labelled, checked = session.decided(), session.checked()
        settings, pool = session.settings(), session.pool()
        model, task = session.model(), task_by_now(request, session)
        missing, calibration = session.missing, session.calibration.get()
    if settings is None or pool is None or task is None:
        raise ExportError("nothing is labelled yet", hint="run `neufs-tui label` on the pool first")
    if checked and not labelled:
        raise ExportError(
            f"nothing but {plural(len(checked), 'check example')} is labelled yet, and none is "
            "ever a demonstration",
            hint="label more",
        )
    chosen = first_labelled(labelled, k)
    require_labels(task, (one.answer for one in chosen))
    choice: dict[str, Any] = {}
    if choose:
        chosen, choice = _choose(request, chosen, checked)
    left_out = f"{plural(len(checked), 'check example')} left out" if checked else ""
    lacks = lacking(class_counts(chosen, task.label_names))
    thin = f"of the {len(chosen):,} examples {lacks}" if lacks else ""
    for notice in filter(None, [missing, changes_since(task, chosen), left_out, thin]):
        say(notice)
    text = render(format_name, task, chosen)
    if output == "-":
        tell_data(text)
        return
    shown = tuple((one.example.id, one.answer.text) for one in chosen)
    is_of_these = (
        calibration is not None and calibration.demonstrations == shown and settings.task == task
    )
    provenance = Provenance(
        task=task,
        selection=settings.selection,
        model=model,
        pool_name=pool.name,
        pool_sha256=pool.sha256,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        calibration=calibration if is_of_these else None,
        versions=installed_versions(),
    )
    target = Path(output)
    manifest = manifest_json(provenance, chosen, format_name, left_out=checked, **choice)
    write_export(text, manifest, target, force=force)
    if calibration is not None and calibration.demonstrations and not is_of_these:
        say(
            "without what calibrates the answers: that is known behind another prompt, with "
            f"{plural(len(calibration.demonstrations), 'label')}"
        )
    say(f"wrote {len(chosen)} examples to {target} and {manifest_path(target)}")


def _refuse_contradictions(choose: bool, k: int | None, options: dict[str, Any]) -> None:
    """See to it that no option is without effect.

    Raises:
        UsageError: one would be.
    """
    if choose and k is not None:
        raise UsageError("-k and --choose contradict each other", hint="use one of them")
    if not choose and (named := [name for name in _OF_CHOOSE if options[name]]):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in named)
        raise UsageError(f"{flags} without --choose has no effect", hint="add --choose")


def _choose(
    request: ProjectRequest,
    labelled: Sequence[LabelledExample],
    checked: Sequence[LabelledExample],
) -> tuple[list[LabelledExample], dict[str, Any]]:
    """Choose among the sets that the labels make, and tell what was compared.

    Returns:
        The set, and what the manifest is to say of it.
    """
    from rich.table import Table

    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.evaluation.choice_tables import COLUMNS, choice_json, rows, sentences
    from neufs_tui.evaluation.choosing_sets import choose_set, require_choosable
    from neufs_tui.evaluation.project_sets import calibration_for
    from neufs_tui.project.project import read_project

    require_choosable([one.answer.text for one in labelled])
    project = read_project(request)
    found = calibration_for(project, labelled, {one.example.id for one in (*labelled, *checked)})
    with Narrator(project.notices, work="reading", unit="prompts") as narrator:
        chosen = choose_set(
            engine_config(project, CaptureSettings()),
            labelled,
            narrator,
            seed=project.selection.seed,
            calibration=None if isinstance(found, str) else found,
        )
    first, *figures = COLUMNS
    table = Table(first, box=None, pad_edge=False)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows(chosen.choice):
        table.add_row(*row)
    tables(err=True).print(table)
    for sentence in sentences(chosen):
        say(sentence)
    return chosen.of(labelled), {"order": chosen.rule.order, "choice": choice_json(chosen)}
