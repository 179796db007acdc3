"""`neufs-tui evaluate`: what the few-shot set is worth, against none and against random ones."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.options import (
    device_options,
    json_option,
    labels_options,
    pool_options,
    project_request,
)
from neufs_tui.cli.output import say, tables, tell, tell_json
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.core.text import one_line
from neufs_tui.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.core.records import Decision
    from neufs_tui.evaluation.report import Report, TestReport


@click.command()
@pool_options
@labels_options
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="As for label; repeat to compare models.  [default: the session's]",
)
@device_options
@click.option(
    "--config",
    "configs",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare with the [task] and [model] of a file like neufs.toml; repeat for more.",
)
@click.option(
    "--test",
    "tests",
    multiple=True,
    metavar="FILE",
    help="Texts with gold labels; repeat for more tests.  [default: the check set]",
)
@click.option(
    "--gold", default="label", show_default=True, metavar="FIELD", help="Their gold label."
)
@click.option(
    "--set",
    "exports",
    multiple=True,
    metavar="FILE",
    help="Another few-shot set, as `export --format jsonl` or csv wrote it; repeat for more.",
)
@click.option(
    "--retrieval",
    "retrievals",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="K",
    help="Show each text the K of your labels nearest to it; repeat for other numbers.",
)
@click.option(
    "--readout",
    is_flag=True,
    help="Measure too what the model holds of a text, learned from your labels without a prompt; "
    "reads the pool where it is not scanned.",
)
@click.option(
    "--encoder",
    metavar="ENCODER",
    help="Measure too logistic regression on the vectors of a sentence encoder: a folder or hub "
    "id; needs the extra `embed`.",
)
@click.option(
    "-k", type=click.IntRange(min=1), metavar="N", help="Size of the random sets.  [default: half]"
)
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Random sets drawn.",
)
@click.option(
    "--score",
    type=click.Choice(["mean", "sum"]),
    default="mean",
    show_default=True,
    help="A label's score: mean or sum of its tokens' log-probabilities.",
)
@click.option("--no-calibration", is_flag=True, help="Only the model's answers as they are.")
@click.option(
    "--markdown",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page there too.",
)
@click.option(
    "--chart",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the accuracies there, as .png or .svg; needs the extra `charts`.",
)
@json_option
def evaluate(as_json: bool, **options: Any) -> None:
    """Measure the labels of POOL's session on gold labels, or on its check set.

    Rows: the model without demonstrations, with your labels, with random ones among them, with
    those nearest to each text (as `export --retrieval` shows them), and with other sets; and what
    your labels teach without a prompt, by --readout and --encoder. Differences are paired, text by
    text. What is read is kept, so a run that was stopped or killed goes on where it was.

    \b
    Examples:
      neufs-tui evaluate pool.jsonl
      neufs-tui evaluate pool.jsonl --test test.jsonl
      neufs-tui evaluate pool.jsonl --test home.jsonl --test elsewhere.jsonl --markdown report.md
      neufs-tui evaluate pool.jsonl --test test.jsonl --retrieval 4 --retrieval 8
      neufs-tui evaluate pool.jsonl --test test.jsonl --readout --encoder all-MiniLM-L6-v2
      neufs-tui evaluate pool.jsonl --test test.jsonl --set other.jsonl --score sum --json
    """
    from neufs_tui.evaluation.chart import draw_chart, require_charts
    from neufs_tui.evaluation.json_report import as_json as values_of
    from neufs_tui.evaluation.tables import markdown, side_by_side

    chart: Path | None = options["chart"]
    page: Path | None = options["markdown"]
    if chart is not None:
        require_charts(chart)
    for target in filter(None, (page, chart)):
        _require_folder(target)
    reports = _reports(options)
    if page is not None:
        _write(page, lambda file: file.write_text(markdown(reports), encoding="utf-8"))
    if chart is not None:
        _write(chart, lambda file: draw_chart(file, chart.suffix[1:].lower(), reports))
    if as_json:
        tell_json({"reports": [values_of(one) for one in reports]})
        return
    for report in reports:
        if len(reports) > 1:
            tell(one_line(report.name))
        for test in report.tests:
            _print(test)
    if len(reports) > 1:
        for place, test in enumerate(reports[0].tests):
            tell(f"{one_line(test.test.name)}, side by side")
            _draw(side_by_side(reports, place))


def _require_folder(target: Path) -> None:
    """See to it that a file can be written, before anything is read.

    Raises:
        ExportError: its folder is not there, or may not be written to.
    """
    if not os.access(target.parent, os.W_OK):
        raise _unwritable(target, "its folder is not there, or may not be written to")


def _write(target: Path, write: Callable[[Path], object]) -> None:
    """Write a file, whole or not at all.

    Raises:
        ExportError: it cannot be written.
    """
    from neufs_tui.atomic import whole_files

    try:
        with whole_files(target) as (file,):
            write(file)
    except OSError as error:
        raise _unwritable(target, error.strerror) from error
    say(f"wrote {target}")


def _unwritable(target: Path, why: str | None) -> ExportError:
    return ExportError(f"{target} cannot be written: {why}", hint="name a file in another folder")


def _reports(options: dict[str, Any]) -> list[Report]:
    from neufs_tui.cli.narrator import Narrator
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.needed_model import NeededModel
    from neufs_tui.evaluation.classifiers import by_sentences, readouts
    from neufs_tui.evaluation.few_shot_sets import WITHOUT, exported_set, nearest_set, random_sets
    from neufs_tui.evaluation.gold_test import check_test, read_gold_test
    from neufs_tui.evaluation.project_sets import calibration_for, her_set
    from neufs_tui.evaluation.report import make_report
    from neufs_tui.evaluation.variants import variants
    from neufs_tui.project.project import read_project
    from neufs_tui.storage.session import Session

    first_model = next(iter(options["models"]), None)
    request = project_request(options | {"model": first_model})
    project = read_project(request)
    task = project.require_task()
    decisions: tuple[Decision, ...] = ()
    labelled: tuple[LabelledExample, ...] = ()
    checked: tuple[LabelledExample, ...] = ()
    if project.session_path.exists():
        with Session.open(project.session_path, write=False) as session:
            labelled, checked = session.decided(), session.checked()
            decisions = session.decisions()
    sets, hers = [WITHOUT], her_set(labelled)
    if labelled:
        k = options["k"] or len(labelled) // 2
        seed = project.selection.seed
        others = random_sets(hers.draws[0], k, n_draws=options["draws"], seed=seed)
        sets += [hers, *([others] if others else [])]
    drawn = sets[1:]
    pool = [one.text for one in project.pool.examples]
    sets += [nearest_set(hers.draws[0], k, pool) for k in dict.fromkeys(options["retrievals"])]
    sets += [exported_set(Path(one), task) for one in options["exports"]]
    if len(sets) == 1:
        say("nothing is labelled yet: only the model without demonstrations is measured")
    shown = frozenset().union(*(one.texts for one in sets))
    tests = [
        read_gold_test(one, task, field=options["gold"], encoding=request.encoding, shown=shown)
        for one in options["tests"]
    ] or [check_test(checked, task)]
    left_out = {example.id for test in tests for example in test.texts}
    left_out |= {one.id for one in project.pool.examples if one.text in shown}
    calibration = None
    if not options["no_calibration"]:
        found = calibration_for(project, labelled, left_out)
        if isinstance(found, str):
            say(found)
        else:
            calibration = found
            say(f"calibrated {found.basis}")
    classifiers = []
    if options["encoder"] and drawn:
        from neufs_tui.model.sentence_encoder import sentence_encoder

        encode = sentence_encoder(replace(project.model, name=options["encoder"]))
        classifiers = by_sentences(encode, drawn, task.label_names)
    texts = [text for test in tests for text in test.texts]
    compared = variants(project, options["models"], options["configs"])
    notices = [f"{test.name}: {one}" for test in tests for one in test.notices]
    reports = []
    with Narrator([*project.notices, *notices], work="reading", unit="prompts") as narrator:
        for one in compared:
            if len(compared) > 1:
                narrator.say(f"{one.name}:")
            config = engine_config(one.project, CaptureSettings())
            needed = NeededModel(config, narrator)
            learned = []
            if options["readout"] and drawn:
                learned = readouts(config, decisions, drawn, texts, needed, narrator)
                if not learned:
                    narrator.say("no labelled text is in the pool to learn a readout from")
            reports.append(
                make_report(
                    config,
                    sets,
                    tests,
                    narrator,
                    name=one.name,
                    calibration=calibration,
                    by_sum=options["score"] == "sum",
                    classifiers=[*learned, *classifiers],
                    needed=needed,
                )
            )
    return reports


def _print(report: TestReport) -> None:
    from neufs_tui.evaluation.tables import sections, sentences, title

    tell(title(report))
    _draw(sections(report))
    for sentence in sentences(report):
        tell(sentence)
    tell("")


def _draw(sections: Mapping[str, Sequence[tuple[str, ...]]]) -> None:
    from rich.padding import Padding
    from rich.table import Table

    from neufs_tui.evaluation.tables import COLUMNS

    table = Table(box=None, pad_edge=False)
    first, *others = COLUMNS
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, rows in sections.items():
        table.add_row(name)
        for what, *figures in rows:
            table.add_row(Padding(what, (0, 0, 0, 2)), *figures)
    tables().print(table)
