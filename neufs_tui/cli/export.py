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
    from neufs_tui.core.records import Task
    from neufs_tui.project.request import ProjectRequest
    from neufs_tui.storage.stored_json import PoolRecord

_OF_POOL = ("text_field", "encoding", "skip_bad_lines")
"""What nothing but `--choose` and `--retrieval` goes by, as they read the pool's file."""
_OF_MODEL = ("model", "device", "device_map", "dtype", "trust_remote_code")
"""What nothing but `--choose` goes by."""


@click.command()
@pool_options
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="jsonl and csv: one row an example. chat: one list of messages. openai: fine-tuning.  "
    "[default: jsonl]",
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
    "--retrieval",
    type=click.IntRange(min=1),
    metavar="K",
    help="Write a folder instead, which shows each text the K examples nearest to it.",
)
@click.option(
    "--choose",
    is_flag=True,
    help="Number and order that do best on labels held out, where that is no noise.",
)
@click.option(
    "--model", metavar="MODEL", help="As for label, with --choose.  [default: the session's]"
)
@device_options
def export(k: int | None, output: str, force: bool, choose: bool, **options: Any) -> None:
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
    it was. Options of the model are for this alone.

    With --retrieval K, FILE is a folder: all examples, the prompt, an index and `retrieve.py`,
    whose messages(TEXT) shows the K examples nearest to TEXT by the characters of its words, and
    needs Python alone. Options of the pool's file are for this and --choose.

    \b
    Examples:
      neufs-tui export pool.jsonl > few_shot.jsonl
      neufs-tui export pool.jsonl --format chat -k 10 -o prompt.json
      neufs-tui export pool.jsonl --choose -o few_shot.jsonl
      neufs-tui export pool.jsonl --retrieval 4 -o nearest
    """
    from neufs_tui.core.labelled import class_counts
    from neufs_tui.export.manifest import (
        Provenance,
        changes_since,
        installed_versions,
        manifest_json,
    )
    from neufs_tui.export.registry import first_labelled, render
    from neufs_tui.export.retrieval import folder
    from neufs_tui.export.writer import (
        manifest_path,
        refuse_taken,
        refuse_taken_folder,
        write_export,
        write_folder,
    )
    from neufs_tui.project.project import require_labels, task_by_now
    from neufs_tui.project.said import session_path
    from neufs_tui.storage.session import Session
    from neufs_tui.wording.standing import lacking

    _refuse_contradictions(choose, k, output, options)
    nearest: int | None = options["retrieval"]
    target = Path(output)
    if nearest is not None:
        refuse_taken_folder(target, folder.NAMES, force=force)
    elif output != "-":
        refuse_taken(target, force=force)
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
    said: dict[str, Any] = {}
    files: dict[str, str] = {}
    if choose:
        chosen, said = _choose(request, chosen, checked)
    if nearest is not None:
        files, said, pool = _retrieval(request, task, chosen, nearest)
    left_out = f"{plural(len(checked), 'check example')} left out" if checked else ""
    lacks = lacking(class_counts(chosen, task.label_names))
    thin = f"of the {len(chosen):,} examples {lacks}" if lacks else ""
    for notice in filter(None, [missing, changes_since(task, chosen), left_out, thin]):
        say(notice)
    format_name = "retrieval" if files else options["format_name"] or "jsonl"
    text = "" if files else render(format_name, task, chosen)
    if output == "-":
        tell_data(text)
        return
    shown = tuple((one.example.id, one.answer.text) for one in chosen)
    is_of_these = (
        calibration is not None
        and calibration.demonstrations == shown
        and settings.task == task
        and not files
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
    manifest = manifest_json(provenance, chosen, format_name, left_out=checked, **said)
    if files:
        write_folder({**files, folder.MANIFEST: manifest}, target, force=force)
    else:
        write_export(text, manifest, target, force=force)
    if calibration is not None and calibration.demonstrations and not is_of_these:
        say(
            "without what calibrates the answers: that is known behind another prompt, with "
            f"{plural(len(calibration.demonstrations), 'label')}"
        )
    if files:
        say(
            f"wrote {plural(len(chosen), 'example')} to {target}, with retrieve.py, which shows "
            f"each text the nearest {nearest}"
        )
    else:
        say(f"wrote {len(chosen)} examples to {target} and {manifest_path(target)}")


def _refuse_contradictions(
    choose: bool, k: int | None, output: str, options: dict[str, Any]
) -> None:
    """See to it that no option is without effect.

    Raises:
        UsageError: one would be.
    """
    retrieves = options["retrieval"] is not None
    contradicting = {
        "-k and --choose": choose and k is not None,
        "--retrieval and --choose": retrieves and choose,
        "--retrieval and --format": retrieves and options["format_name"] is not None,
    }
    for both, are_given in contradicting.items():
        if are_given:
            raise UsageError(f"{both} contradict each other", hint="use one of them")
    if retrieves and output == "-":
        raise UsageError("--retrieval writes a folder", hint="name it with -o FOLDER")
    allowed = {"--choose": choose, "--choose or --retrieval": choose or retrieves}
    for (flag, is_given), names in zip(allowed.items(), (_OF_MODEL, _OF_POOL), strict=True):
        if not is_given and (named := [name for name in names if options[name]]):
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in named)
            raise UsageError(f"{flags} without {flag} has no effect", hint=f"add {flag}")


def _retrieval(
    request: ProjectRequest, task: Task, labelled: Sequence[LabelledExample], k: int
) -> tuple[dict[str, str], dict[str, Any], PoolRecord]:
    """Make the files that show a text the k examples nearest to it.

    Returns:
        Name → content, what the manifest is to say of them, and the pool by which terms are
        weighed, as it is now.
    """
    from neufs_tui.export.retrieval.folder import require_enough, retrieval_files, retrieval_json
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.pool_changes import pool_record

    require_enough(k, len(labelled))
    pool = read_project(request).pool
    for notice in pool.notices:
        say(notice)
    texts = [one.text for one in pool.examples]
    told = {"retrieval": retrieval_json(k, len(texts))}
    return retrieval_files(task, labelled, texts, k), told, pool_record(pool)


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
