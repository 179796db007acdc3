"""A report as a picture: each row's accuracy with its interval, raw beside calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neufs_tui.core.text import one_line
from neufs_tui.errors import UsageError
from neufs_tui.evaluation.report import Report, TestReport
from neufs_tui.evaluation.tables import CALIBRATED, LEARNED, RAW, title
from neufs_tui.statistics.classification import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SUFFIXES = (".png", ".svg")
_WIDTH, _ROW, _HEAD = 8.0, 0.45, 1.1
"""Inches: of a page, and the height of a row and of what stands around the rows of a test."""
_LOOKS = {
    RAW: ("o", "#35618f", 0.12),
    CALIBRATED: ("s", "#b5651d", -0.12),
    LEARNED: ("D", "#4a7a3a", 0.0),
}
"""Mark, colour and place beside the row's line; the mark tells them apart without the colour."""


def require_charts(path: Path) -> None:
    """See to it that a chart can be drawn, before anything is read.

    Raises:
        UsageError: the file's suffix names no format, or matplotlib is not there.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{path} is neither .png nor .svg", hint="name the chart so")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "a chart needs matplotlib", hint="pip install 'neufs-tui[charts]'"
        ) from error


def draw_chart(path: Path, kind: str, reports: Sequence[Report]) -> None:
    """Draw each test of each report.

    Args:
        path: where to write it.
        kind: `png` or `svg`.
        reports: one or more, in the order of the page.
    """
    from matplotlib.figure import Figure

    tests = [(report, test) for report in reports for test in report.tests]
    heights = [_HEAD + _ROW * (len(test.results) + len(test.learned)) for _, test in tests]
    figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
    grid = figure.subplots(len(tests), squeeze=False, height_ratios=heights)
    for (report, test), (axes,) in zip(tests, grid, strict=True):
        _draw(axes, test)
        name = f"{one_line(report.name)} · " if len(reports) > 1 else ""
        axes.set_title(f"{name}{title(test)}", loc="left", fontsize=10, parse_math=False)
    figure.savefig(path, format=kind, dpi=150)


def _draw(axes: Axes, test: TestReport) -> None:
    of_look: dict[str, list[Figures | None]] = {
        RAW: [one.raw for one in test.results],
        CALIBRATED: [one.calibrated for one in test.results],
        LEARNED: [*(None for _ in test.results), *(one.figures for one in test.learned)],
    }
    for look, (mark, colour, beside) in _LOOKS.items():
        figures = of_look[look]
        points = [(place, one.accuracy) for place, one in enumerate(figures) if one is not None]
        if not points:
            continue
        axes.errorbar(
            x=[one.value for _, one in points],
            y=[-place + beside for place, _ in points],
            xerr=[
                [one.value - one.low for _, one in points],
                [one.high - one.value for _, one in points],
            ],
            fmt=mark,
            color=colour,
            capsize=3,
            label=look,
        )
    names = [one_line(one.few_shot_set.name) for one in test.results]
    names += [one_line(one.name) for one in test.learned]
    axes.set_yticks([-place for place in range(len(names))], names, parse_math=False)
    axes.set_ylim(-len(names) + 0.5, 0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("accuracy, 95% interval")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="best", fontsize=8, framealpha=0.8)
