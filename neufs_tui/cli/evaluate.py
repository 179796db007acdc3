"""`neufs-tui evaluate`: what the few-shot set is worth, against none and against random ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neufs_tui.cli.completing import FILE, MODEL
from neufs_tui.cli.options import (
    device_options,
    json_option,
    labels_options,
    pool_options,
)
from neufs_tui.cli.output import say, tables, tell, tell_json
from neufs_tui.core.text import one_line
from neufs_tui.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from neufs_tui.evaluation.report import TestReport


@click.command()
@pool_options
@labels_options
@click.option(
    "--model",
    "models",
    multiple=True,
    type=MODEL,
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
    type=FILE,
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
    type=FILE,
    metavar="FILE",
    help="Another few-shot set, as `export --format jsonl` or csv wrote it; repeat for more.",
)
@click.option(
    "--retrieval",
    "retrievals",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="K",
    help="Show each text the K of your labels nearest to it; repeat for other numbers. With "
    "--readout also those nearest by what the model holds of them.",
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
    from neufs_tui.cli.measured_reports import measured_reports
    from neufs_tui.evaluation.chart import draw_chart, require_charts
    from neufs_tui.evaluation.json_report import as_json as values_of
    from neufs_tui.evaluation.tables import markdown, side_by_side

    chart: Path | None = options["chart"]
    page: Path | None = options["markdown"]
    if chart is not None:
        require_charts(chart)
    for target in filter(None, (page, chart)):
        _require_folder(target)
    reports = measured_reports(options)
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
