"""`neufs-tui export`: the few-shot set, in the formats other tools read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from neufs_tui.cli.completing import FILE, MODEL
from neufs_tui.cli.export_formats import (
    destinations,
    gold_tests,
    list_formats,
    made_set,
    refuse_taken_places,
    write_formats,
)
from neufs_tui.cli.export_parts import Files, chosen_set, readout_folder, retrieval_folder
from neufs_tui.cli.export_rules import BEST, refuse_contradictions
from neufs_tui.cli.options import device_options, pool_options, project_request
from neufs_tui.cli.output import say
from neufs_tui.core.text import plural
from neufs_tui.errors import ExportError
from neufs_tui.export.few_shot_set import BALANCED, SELECTION
from neufs_tui.export.registry import FORMATS


@click.command()
@pool_options
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    metavar="NAME",
    help="See --list; repeat for several, into a folder.  [default: jsonl]",
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=list_formats,
    help="Every format, who reads it and whether the order is kept.",
)
@click.option("-k", type=int, metavar="N", help="Only the first N.")
@click.option(
    "--order",
    type=click.Choice([SELECTION, BALANCED, BEST]),
    help="As selected and labelled; the classes in turn; or the order that does best on labels "
    "held out, where that is no noise.  [default: selection]",
)
@click.option(
    "--include",
    multiple=True,
    type=click.Choice(["flagged"]),
    help="What is left out otherwise.",
)
@click.option(
    "--redact",
    multiple=True,
    metavar="FIELD",
    help="Leave out a field of the rows; of id, the text's hash takes the place.",
)
@click.option(
    "--test",
    "test_file",
    type=FILE,
    metavar="FILE",
    help="Texts with gold labels, for lm-eval, promptfoo and hf.  [default: the session's test "
    "file, else the check examples]",
)
@click.option("--gold", "gold_field", metavar="FIELD", help="Their gold label.  [default: label]")
@click.option(
    "--texts",
    "texts_file",
    type=FILE,
    metavar="FILE",
    help="Texts to ask about, for openai-batch.  [default: what is not decided in POOL]",
)
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    type=FILE,
    metavar="PATH",
    help="File, or folder of several; - is standard output, without a manifest.",
)
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option(
    "--check",
    "is_checked",
    is_flag=True,
    help="Read what was written, with what it is for if that is installed, and compare.",
)
@click.option(
    "--retrieval",
    type=click.IntRange(min=1),
    metavar="K",
    help="Write a folder instead, which shows each text the K examples nearest to it.",
)
@click.option(
    "--readout",
    type=FILE,
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
    type=MODEL,
    metavar="MODEL",
    help="As for label, where a model is read or named.  [default: the session's]",
)
@device_options
def export(k: int | None, output: str, force: bool, choose: bool, **options: Any) -> None:
    """Write the labelled examples of POOL for what you prompt with.

    Some formats are a prompt, whose order matters, others rows of one example each: --list says
    which. jsonl and csv rows have the text as `text`, the label given as `label`, and the row's
    other fields; a `label` that the row had itself is kept as `gold_label`.

    Check examples (`label --check`) and accepted suggestions are left out, and so are flagged
    examples unless they are included. The instruction is the one that `label` would give the model
    now. Labels of the task with no example, or only one, are told. With every format goes a
    manifest: model, prompt, counts by label, strategy, seed, order, ids, hashes, versions, and what
    to add to each label's score to calibrate the model's answers. A format that cannot hold a text
    names it, and nothing is written.

    With --choose the model reads each label behind other ones, in several numbers and orders, and
    all as they were selected are written unless another is better by more than noise, also once
    answers are calibrated. --order best compares orders alone. What is read is kept, so a run that
    was stopped or killed goes on where it was.

    With --retrieval K, PATH is a folder: all examples, the prompt, an index and `retrieve.py`,
    whose messages(TEXT) shows the K examples nearest to TEXT by the characters of its words, and
    needs Python alone.

    With --readout FOLDER, what the labels teach of what the model holds of a text is written, and
    `readout.py`, whose predict(TEXTS) gives the probability of each label. It needs neufs-tui and
    the model, and refuses another. What is not scanned of POOL is read first. With --retrieval K
    too, the folder has the files of both, and `retrieve_by_readout.py`, whose messages(TEXTS) shows
    the K examples nearest by what the model holds of them.

    \b
    Examples:
      neufs-tui export --list
      neufs-tui export pool.jsonl > few_shot.jsonl
      neufs-tui export pool.jsonl --format chat -k 10 -o prompt.json
      neufs-tui export pool.jsonl --format hf --format langchain --check -o sets
      neufs-tui export pool.jsonl --format lm-eval --test test.jsonl -o task
      neufs-tui export pool.jsonl --choose -o few_shot.jsonl
      neufs-tui export pool.jsonl --retrieval 4 -o nearest
      neufs-tui export pool.jsonl --retrieval 4 --readout nearest
    """
    from neufs_tui.core.labelled import class_counts
    from neufs_tui.engine import exported_readout
    from neufs_tui.export.few_shot_set import few_shot_set, redacted
    from neufs_tui.export.manifest import (
        Provenance,
        changes_since,
        installed_versions,
        manifest_json,
    )
    from neufs_tui.export.retrieval import folder
    from neufs_tui.export.writer import MANIFEST, refuse_taken_folder, write_folder
    from neufs_tui.project.project import require_labels, task_by_now
    from neufs_tui.project.said import session_path
    from neufs_tui.storage.session import Session
    from neufs_tui.wording.standing import lacking

    refuse_contradictions({**options, "k": k, "output": output, "choose": choose})
    nearest: int | None = options["retrieval"]
    is_readout = options["readout"] is not None
    target = Path(options["readout"] if is_readout else output)
    is_of_files = is_readout or nearest is not None
    names: list[str] = [*dict.fromkeys(options["formats"])] or ["jsonl"]
    places = [] if is_of_files else destinations(names, output)
    if is_of_files:
        refuse_taken_folder(
            target,
            {
                *(exported_readout.NAMES if is_readout else ()),
                *(folder.NAMES if nearest is not None else ()),
                *(exported_readout.SHOWN_NAMES if is_readout and nearest is not None else ()),
            },
            force=force,
        )
    else:
        refuse_taken_places(places, force=force)
    request = project_request(options)
    with Session.open(session_path(request), write=False) as session:
        everything, checked = session.all_labelled(), [*session.checked()]
        settings, pool = session.settings(), session.pool()
        model, task = session.model(), task_by_now(request, session)
        decisions = session.decisions()
        missing, calibration = session.missing, session.calibration.get()
    if settings is None or pool is None or task is None:
        raise ExportError("nothing is labelled yet", hint="run `neufs-tui label` on the pool first")
    with_flagged = "flagged" in options["include"]
    n_flagged = sum(one.flagged and not one.check for one in everything)
    labelled = [
        one for one in everything if one.is_shot or (with_flagged and one.flagged and not one.check)
    ]
    if checked and not labelled:
        raise ExportError(
            f"nothing but {plural(len(checked), 'check example')} is labelled yet, and none is "
            "ever a demonstration",
            hint="label more",
        )
    order = SELECTION if options["order"] == BEST else options["order"] or SELECTION
    chosen = few_shot_set(labelled, k, order)
    require_labels(task, (one.answer for one in chosen))
    said: dict[str, Any] = {"order": order}
    files: Files = {}
    if choose or options["order"] == BEST:
        chosen, told = chosen_set(request, chosen, checked, orders_only=not choose)
        said |= told
    if options["redact"]:
        chosen, checked = redacted(chosen, checked, options["redact"])
        said["redacted"] = [*options["redact"]]
    if nearest is not None:
        files, told, pool = retrieval_folder(request, task, chosen, nearest, by_readout=is_readout)
        said |= told
    if is_readout:
        examples = [one.example for one in chosen] if nearest is not None else []
        more, told, pool, model = readout_folder(request, decisions, examples)
        files, said = files | more, said | told
    is_tested = any(FORMATS[name].takes_tests for name in names)
    test_file: str = (options["test_file"] or settings.selection.test) if is_tested else ""
    as_test = ", but for the test" if is_tested and not test_file else ""
    left_out = f"{plural(len(checked), 'check example')} left out{as_test}" if checked else ""
    doubted = f"{plural(n_flagged, 'flagged example')} left out" if n_flagged else ""
    flags = "" if with_flagged else doubted
    lacks = lacking(class_counts(chosen, task.label_names))
    thin = f"of the {len(chosen):,} examples {lacks}" if lacks else ""
    for notice in filter(None, [missing, changes_since(task, chosen), left_out, flags, thin]):
        say(notice)
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
    if files:
        name = "readout" if is_readout else "retrieval"
        manifest = manifest_json(provenance, chosen, name, left_out=checked, **said)
        write_folder({**files, MANIFEST: manifest}, target, force=force)
    else:
        tests = [(one.example, one.answer.text) for one in checked]
        if test_file:
            gold = "label" if options["test_file"] else settings.selection.gold
            tests = gold_tests(test_file, task, chosen, options, options["gold_field"] or gold)
        few_shot = made_set(
            request,
            names,
            task,
            chosen,
            model=options["model"] or settings.model.name,
            tests=tests,
            texts=options["texts_file"],
            decided=[one.example_id for one in decisions],
        )
        write_formats(
            places,
            few_shot,
            provenance,
            force=force,
            check=options["is_checked"],
            left_out=checked,
            said=said,
        )
    # a readout has offsets of its own, for answers without labels in the prompt
    is_told = is_of_these or is_readout or output == "-"
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
