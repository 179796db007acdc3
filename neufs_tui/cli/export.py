"""`neufs-tui export`: the few-shot set, in the formats other tools read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from neufs_tui.cli.options import project_request, session_options
from neufs_tui.cli.output import say, tell_data
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError
from neufs_tui.export.registry import FORMATS


@click.command()
@session_options
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
def export(format_name: str, k: int | None, output: str, force: bool, **options: Any) -> None:
    """Write the labelled examples of POOL, in the order they were labelled.

    jsonl and csv rows have the text as `text`, the label given as `label`, and the row's other
    fields; a `label` that the row had itself is kept as `gold_label`.

    Check examples (`label --check`) are left out. The instruction is the one that `label` would
    give the model now. Labels of the task with no example, or only one, are told. Beside FILE,
    FILE.manifest.json tells model, prompt, counts by label, strategy, seed, order, ids, hashes,
    versions, and what to add to each label's score to calibrate the model's answers.

    \b
    Examples:
      neufs-tui export pool.jsonl > few_shot.jsonl
      neufs-tui export pool.jsonl --format chat -k 10 -o prompt.json
    """
    from neufs_tui.core.labelled import class_counts
    from neufs_tui.export.manifest import (
        Provenance,
        changes_since,
        installed_versions,
        manifest_json,
    )
    from neufs_tui.export.registry import first_labelled, render
    from neufs_tui.export.writer import manifest_path, write_export
    from neufs_tui.project.project import require_labels, task_by_now
    from neufs_tui.project.said import session_path
    from neufs_tui.storage.session import Session
    from neufs_tui.wording.standing import lacking

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
    left_out = f"{plural(len(checked), 'check example')} left out" if checked else ""
    lacks = lacking(class_counts(chosen, task.label_names))
    thin = f"of the {len(chosen):,} examples {lacks}" if lacks else ""
    for notice in filter(None, [missing, changes_since(task, chosen), left_out, thin]):
        say(notice)
    text = render(format_name, task, chosen)
    if output == "-":
        tell_data(text)
        return
    is_of_these = calibration is not None and calibration.demonstrations == tuple(
        one.example.id for one in chosen
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
    manifest = manifest_json(provenance, chosen, format_name, left_out=checked)
    write_export(text, manifest, target, force=force)
    if calibration is not None and calibration.demonstrations and not is_of_these:
        say(
            "without what calibrates the answers, which is known behind "
            f"{plural(len(calibration.demonstrations), 'other label')} only"
        )
    say(f"wrote {len(chosen)} examples to {target} and {manifest_path(target)}")
