"""A report in rows and sentences, for a terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence

from neufs_tui.core.text import one_line, plural
from neufs_tui.evaluation.report import Comparison, Report, Result, TestReport, compare
from neufs_tui.statistics.classification import Estimate, Figures
from neufs_tui.wording.sentences import model_parts, share, share_in

Row = tuple[str, ...]
COLUMNS: Row = ("", "accuracy", "macro-F1")
RAW, CALIBRATED = "as the model answers", "calibrated"
LEARNED = "learned from your labels"


def side_by_side(reports: Sequence[Report], test: int) -> dict[str, list[Row]]:
    """Each model or prompt against the first on one test, raw and calibrated."""
    first, *others = reports
    parts: dict[str, list[Row]] = {}
    for other in others:
        for one in compare(other, first)[test]:
            what = f"{one_line(one.this)} − {one_line(first.name)}"
            row = (what, signed_estimate(one.accuracy), signed_estimate(one.macro_f1))
            parts.setdefault(CALIBRATED if one.is_calibrated else RAW, []).append(row)
    return parts


def title(report: TestReport) -> str:
    """What was tested on, and what the rows of the table are."""
    n_draws = max(len(one.few_shot_set.draws) for one in report.results)
    drawn = f"; at random: the mean of {plural(n_draws, 'draw')}" if n_draws > 1 else ""
    return f"{one_line(report.test.name)}: {plural(len(report.test.texts), 'text')}{drawn}"


def sections(report: TestReport) -> dict[str, list[Row]]:
    """The table's rows, raw, calibrated and learned; each part ends in differences."""
    parts: dict[str, list[Row]] = {}
    for name, is_calibrated in ((RAW, False), (CALIBRATED, True)):
        rows: list[Row] = []
        for one in report.results:
            if figures := one.calibrated if is_calibrated else one.raw:
                rows.append((one_line(one.few_shot_set.name), *_figures(figures)))
        rows += [
            _difference(one)
            for one in report.comparisons
            if not one.is_learned and one.is_calibrated is is_calibrated
        ]
        if rows:
            parts[name] = rows
    if report.learned:
        parts[LEARNED] = [(one_line(one.name), *_figures(one.figures)) for one in report.learned]
        parts[LEARNED] += [_difference(one) for one in report.comparisons if one.is_learned]
    return parts


def _difference(one: Comparison) -> Row:
    this, that = _sides(one)
    return f"{this} − {that}", signed_estimate(one.accuracy), signed_estimate(one.macro_f1)


def _sides(one: Comparison) -> tuple[str, str]:
    """Both names; the second says so where only it is calibrated."""
    how = " (calibrated)" if one.is_learned and one.is_calibrated else ""
    return one_line(one.this), f"{one_line(one.that)}{how}"


def sentences(report: TestReport) -> list[str]:
    """What can be said of one test in words, of each comparison, raw and calibrated."""
    said = []
    for one in report.comparisons:
        how = "calibrated, " if one.is_calibrated and not one.is_learned else ""
        this, that = _sides(one)
        if one.accuracy.low > 0 or one.accuracy.high < 0:
            better = "better" if one.accuracy.low > 0 else "worse"
            said.append(f"{how}{this}: {better} than {that} by {share(abs(one.accuracy.value))}")
        else:
            said.append(f"{how}{this} and {that}: not distinguishable")
    said += [
        f"{one_line(one.few_shot_set.name)}: only the {_last(one)} {one.n_fitting:,} fit into the "
        "model's context window"
        for one in report.results
        if one.n_fitting < one.few_shot_set.sizes[0]
    ]
    return said


def class_rows(figures: Figures) -> list[Row]:
    """One row a class: texts, answers, precision, recall, F1."""
    return [
        (
            one_line(one.name),
            f"{one.n_gold:,}",
            f"{one.n_answered:,.0f}",
            *map(share, (one.precision, one.recall, one.f1)),
        )
        for one in figures.classes
    ]


def markdown(reports: Sequence[Report]) -> str:
    """All reports as a page."""
    lines = ["# What the few-shot set is worth", "", "95% intervals; differences are paired."]
    for place, test in enumerate(reports[0].tests if len(reports) > 1 else ()):
        lines += ["", f"## {one_line(test.test.name)}, side by side"]
        for name, rows in side_by_side(reports, place).items():
            lines += ["", *_table((name, *COLUMNS[1:]), rows)]
    for report in reports:
        lines += _page(report)
    return "\n".join(lines) + "\n"


def _page(report: Report) -> list[str]:
    model = report.model
    lines = ["", f"# {one_line(report.name)}", ""]
    lines.append(f"{model_parts(model)}, {model.dtype}, {model.reading}.")
    if report.calibration:
        lines.append(f"Calibrated {report.calibration.basis}.")
    for test in report.tests:
        lines += ["", f"## {title(test)}"]
        for name, rows in sections(test).items():
            lines += ["", *_table((name, *COLUMNS[1:]), rows)]
        lines += ["", *(f"- {one}" for one in sentences(test))]
        answered = [(one.few_shot_set.name, one.raw) for one in test.results]
        for name_of, figures in [*answered, *((one.name, one.figures) for one in test.learned)]:
            lines += ["", f"### {one_line(name_of)}, by class", ""]
            heading = ("class", "texts", "answers", "precision", "recall", "F1")
            lines += _table(heading, class_rows(figures))
            lines += ["", "Texts by class (down) and answer (across):", ""]
            names = [one_line(one.name) for one in figures.classes]
            counts = [[f"{cell:,.0f}" for cell in row] for row in figures.confusion]
            lines += _table(
                ("", *names),
                [(name, *row) for name, row in zip(names, counts, strict=True)],
            )
    return lines


def signed(value: float) -> str:
    """A difference of shares.

    >>> signed(0.25), signed(-0.25), signed(-0.004)
    ('+.25', '−.25', '+.00')
    """
    return f"{'−' if value < -0.005 else '+'}{share(abs(value))}"


def signed_estimate(one: Estimate) -> str:
    """A difference with its interval."""
    return f"{signed(one.value)} ({signed(one.low)} to {signed(one.high)})"


def _figures(figures: Figures) -> tuple[str, str]:
    accuracy, macro_f1 = (
        share_in(one.value, one.low, one.high) for one in (figures.accuracy, figures.macro_f1)
    )
    return accuracy, macro_f1


def _last(result: Result) -> str:
    """What those are that stand last in a prompt, which stay where not all fit."""
    return "newest" if result.few_shot_set.retrieval is None else "nearest"


def _table(heading: Row, cells: Sequence[Row]) -> list[str]:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in (heading, *cells)]
    first, *rest = [f"| {' | '.join(row)} |" for row in escaped]
    return [first, f"|{'---|' * len(heading)}", *rest]
