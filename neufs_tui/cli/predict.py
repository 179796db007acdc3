"""`neufs-tui predict`: labels for the rest of the pool, or for other texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.completing import FILE
from neufs_tui.cli.options import pool_options, project_request, task_options
from neufs_tui.cli.output import say, tell_data
from neufs_tui.core.records import DecisionKind
from neufs_tui.core.text import plural
from neufs_tui.errors import NothingLeft, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neufs_tui.core.records import Decision, Example, ExampleId
    from neufs_tui.export.formats.predictions import Prediction
    from neufs_tui.storage.pool import Pool


@click.command()
@pool_options
@click.argument("texts", required=False, type=FILE)
@task_options
@click.option(
    "--by",
    "way",
    type=click.Choice(["readout", "prompt", "both"]),
    help="readout: what your labels teach of what the model holds of a text. prompt: its answer "
    "with your labels in the prompt. both: what they teach moves that answer.  "
    "[default: what does best on the check set]",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One row a text.",
)
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    type=FILE,
    metavar="FILE",
    help="Where to write; - is standard output.",
)
@click.option("--force", is_flag=True, help="Replace FILE.")
def predict(texts: str | None, output: str, force: bool, **options: Any) -> None:
    """Predict the labels of TEXTS, or of what is not decided in POOL, from the labels given.

    TEXTS may have any form that a pool may have. Rows have `id`, `text`, `label`, `probability`,
    `probabilities` (in csv a column for each label) and `by`. Without TEXTS, what was accepted
    from a page of suggestions is listed with that label, by `accepted`.

    Without --by it is said which way makes the labels of the check set, or of the session's test
    file, likeliest; with fewer than 8 that were given without a look at the model's answer, it is
    the readout. That reads each text once, as scan does, POOL's included; the prompt reads those
    asked for behind your labels; both does both.

    \b
    Examples:
      neufs-tui predict pool.jsonl > labels.jsonl
      neufs-tui predict pool.jsonl new.csv --format csv -o labels.csv
      neufs-tui predict pool.jsonl new.jsonl --by readout
    """
    from neufs_tui.export.formats.predictions import prediction_lines, prediction_table
    from neufs_tui.export.writer import refuse_taken_file, write_file

    target = Path(output)
    if output != "-":
        refuse_taken_file(target, force=force)
    names, rows = _predictions(texts, options)
    is_table = options["format_name"] == "csv"
    text = prediction_table(rows, names) if is_table else prediction_lines(rows)
    if output == "-":
        tell_data(text)
        return
    write_file(text, target, force=force)
    say(f"wrote {plural(len(rows), 'row')} to {target}")


def _predictions(
    source: str | None, options: dict[str, Any]
) -> tuple[Sequence[str], list[Prediction]]:
    """The task's labels, and the rows."""
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.evaluation.predictions import Predictor, favour, rows
    from neufs_tui.evaluation.project_sets import calibration_for, her_set, known_texts
    from neufs_tui.project.project import read_project, refuse_another_pool, require_labels
    from neufs_tui.storage.session import Session

    request = project_request(options)
    project = read_project(request)
    task = project.require_task()
    if not project.session_path.exists():
        raise _nothing_labelled()
    with Session.open(project.session_path, write=False) as session:
        refuse_another_pool(project, session)
        decisions, labelled = session.decisions(), session.decided()
        test = known_texts(project, session.checked())
    require_labels(task, (one.answer for one in decisions))
    if not labelled:
        raise _nothing_labelled()
    if source is None:
        texts, notices = _left(project.pool, decisions), project.notices
        apart = {one.id for one in test.texts} if test is not None else set()
    else:
        read = _other_texts(source, project.pool, skip_bad_lines=request.skip_bad_lines)
        texts, notices = read.examples, (*project.notices, *_told(read, decisions))
        apart = {one.id for one in texts}
    found = calibration_for(project, labelled, apart | {one.example.id for one in labelled})
    is_wanted = project.selection.calibration
    calibration = found if is_wanted and not isinstance(found, str) else None
    with Narrator(notices, work="reading", unit="texts") as narrator:
        predictor = Predictor(
            engine_config(project, CaptureSettings()),
            decisions,
            her_set(labelled).draws[0],
            calibration,
            [*texts, *(test.texts if test is not None and options["way"] is None else ())],
            narrator,
        )
        way, why = options["way"], ""
        if way is None:
            way, why = favour(predictor, test)
        probabilities = predictor.predict(texts, way)
    if way != "readout" and predictor.n_fitting < len(labelled):
        say(f"only the newest {predictor.n_fitting:,} labels fit into the model's context window")
    say(f"by {way}{why and ': '}{why}")
    accepted = _accepted(decisions) if source is None else {}
    return task.label_names, rows(texts, probabilities, task.label_names, way, accepted)


def _nothing_labelled() -> UsageError:
    return UsageError(
        "nothing is labelled yet", hint="label a few examples with `neufs-tui label` first"
    )


def _left(pool: Pool, decisions: Sequence[Decision]) -> tuple[Example, ...]:
    """What is not decided of a pool, and what was accepted."""
    accepted = _accepted(decisions)
    decided = {one.example_id for one in decisions} - accepted.keys()
    left = tuple(one for one in pool.examples if one.id not in decided)
    if not left:
        raise NothingLeft(f"every text of {pool.source} is decided", hint="name other texts")
    return left


def _accepted(decisions: Sequence[Decision]) -> dict[ExampleId, str]:
    """Example → the label suggested that was accepted."""
    return {
        one.example_id: one.answer.text
        for one in decisions
        if one.kind is DecisionKind.ACCEPT and one.answer is not None
    }


def _other_texts(source: str, pool: Pool, *, skip_bad_lines: bool) -> Pool:
    from neufs_tui.storage.pool import read_pool

    return read_pool(
        source, text_field=pool.text_field, encoding=pool.encoding, skip_bad_lines=skip_bad_lines
    )


def _told(texts: Pool, decisions: Sequence[Decision]) -> list[str]:
    """What is to be known of the texts of another file."""
    notices = [*texts.notices]
    labelled = {one.example_id for one in decisions if one.is_shot}
    if n_labelled := sum(one.id in labelled for one in texts.examples):
        those = plural(n_labelled, "text has a label", "texts have labels")
        notices.append(f"{those} in the session, and predicted like the others")
    return [f"{texts.source}: {one}" for one in notices]
