"""`neufs-tui export`: the few-shot set, in the formats other tools read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from neufs_tui.cli.export_parts import Files, chosen_set, readout_folder, retrieval_folder
from neufs_tui.cli.options import device_options, pool_options, project_request
from neufs_tui.cli.output import say, tell_data
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError, UsageError
from neufs_tui.export.registry import FORMATS

_OF_POOL = ("text_field", "encoding", "skip_bad_lines")
"""What goes for `--choose`, `--readout` and `--retrieval` alone, which read the pool's file."""
_OF_MODEL = ("model", "device", "device_map", "dtype", "trust_remote_code")
"""What goes for `--choose` and `--readout` alone."""


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
    "--readout",
    metavar="FOLDER",
    help="Write a folder instead, which tells the label of any text as `predict --by readout`.",
)
@click.option(
    "--choose",
    is_flag=True,
    help="Number and order that do best on labels held out, where that is no noise.",
)
@click.option(
    "--model",
    metavar="MODEL",
    help="As for label, with --choose or --readout.  [default: the session's]",
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
    it was. Options of the model are for this and --readout.

    With --retrieval K, FILE is a folder: all examples, the prompt, an index and `retrieve.py`,
    whose messages(TEXT) shows the K examples nearest to TEXT by the characters of its words, and
    needs Python alone. Options of the pool's file are for this, --readout and --choose.

    With --readout FOLDER, what the labels teach of what the model holds of a text is written, and
    `readout.py`, whose predict(TEXTS) gives the probability of each label. It needs neufs-tui and
    the model, and refuses another. What is not scanned of POOL is read first. With --retrieval K
    too, the folder has the files of both, and `retrieve_by_readout.py`, whose messages(TEXTS) shows
    the K examples nearest by what the model holds of them.

    \b
    Examples:
      neufs-tui export pool.jsonl > few_shot.jsonl
      neufs-tui export pool.jsonl --format chat -k 10 -o prompt.json
      neufs-tui export pool.jsonl --choose -o few_shot.jsonl
      neufs-tui export pool.jsonl --retrieval 4 -o nearest
      neufs-tui export pool.jsonl --readout classifier
      neufs-tui export pool.jsonl --retrieval 4 --readout nearest
    """
    from neufs_tui.core.labelled import class_counts
    from neufs_tui.engine import exported_readout
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
    is_readout = options["readout"] is not None
    target = Path(options["readout"] if is_readout else output)
    if is_readout or nearest is not None:
        names = {
            *(exported_readout.NAMES if is_readout else ()),
            *(folder.NAMES if nearest is not None else ()),
            *(exported_readout.SHOWN_NAMES if is_readout and nearest is not None else ()),
        }
        refuse_taken_folder(target, names, force=force)
    elif output != "-":
        refuse_taken(target, force=force)
    request = project_request(options)
    with Session.open(session_path(request), write=False) as session:
        labelled, checked = session.decided(), session.checked()
        settings, pool = session.settings(), session.pool()
        model, task = session.model(), task_by_now(request, session)
        decisions = session.decisions()
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
    files: Files = {}
    if choose:
        chosen, said = chosen_set(request, chosen, checked)
    if nearest is not None:
        files, said, pool = retrieval_folder(request, task, chosen, nearest, by_readout=is_readout)
    if is_readout:
        examples = [one.example for one in chosen] if nearest is not None else []
        more, told, pool, model = readout_folder(request, decisions, examples)
        files, said = files | more, said | told
    left_out = f"{plural(len(checked), 'check example')} left out" if checked else ""
    lacks = lacking(class_counts(chosen, task.label_names))
    thin = f"of the {len(chosen):,} examples {lacks}" if lacks else ""
    for notice in filter(None, [missing, changes_since(task, chosen), left_out, thin]):
        say(notice)
    format_name = options["format_name"] or "jsonl"
    if files:
        format_name = "readout" if is_readout else "retrieval"
    text = "" if files else render(format_name, task, chosen)
    if output == "-" and not files:
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
    # a readout has offsets of its own, for answers without labels in the prompt
    is_told = is_of_these or is_readout
    if calibration is not None and calibration.demonstrations and not is_told:
        say(
            "without what calibrates the answers: that is known behind another prompt, with "
            f"{plural(len(calibration.demonstrations), 'label')}"
        )
    if is_readout:
        taught = plural(said["readout"]["labels"], "label teaches", "labels teach")
        say(f"wrote what {taught} to {target}, with readout.py, which tells the label of any text")
    if nearest is not None:
        how = ", and retrieve_by_readout.py, which finds them with the model" if is_readout else ""
        say(
            f"wrote {plural(len(chosen), 'example')} to {target}, with retrieve.py, which shows "
            f"each text the nearest {nearest}{how}"
        )
    elif not files:
        say(f"wrote {len(chosen)} examples to {target} and {manifest_path(target)}")


def _refuse_contradictions(
    choose: bool, k: int | None, output: str, options: dict[str, Any]
) -> None:
    """See to it that no option is without effect.

    Raises:
        UsageError: one would be.
    """
    retrieves, is_readout = options["retrieval"] is not None, options["readout"] is not None
    contradicting = {
        "-k and --choose": choose and k is not None,
        "--retrieval and --choose": retrieves and choose,
        "--retrieval and --format": retrieves and options["format_name"] is not None,
        "--readout and -k": is_readout and k is not None,
        "--readout and -o": is_readout and output != "-",
        "--readout and --choose": is_readout and choose,
        "--readout and --format": is_readout and options["format_name"] is not None,
    }
    for both, are_given in contradicting.items():
        if are_given:
            raise UsageError(f"{both} contradict each other", hint="use one of them")
    if retrieves and output == "-" and not is_readout:
        raise UsageError("--retrieval writes a folder", hint="name it with -o FOLDER")
    reads_model = choose or is_readout
    allowed = {
        "--choose or --readout": reads_model,
        "--choose, --readout or --retrieval": reads_model or retrieves,
    }
    for (flag, is_given), names in zip(allowed.items(), (_OF_MODEL, _OF_POOL), strict=True):
        if not is_given and (named := [name for name in names if options[name]]):
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in named)
            raise UsageError(f"{flags} without {flag} has no effect", hint=f"add {flag}")
