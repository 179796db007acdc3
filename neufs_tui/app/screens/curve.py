"""The learning curve: what the labels have brought, in plots and plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Static
from textual_plotext import PlotextPlot
from textual_plotext.plot import Plot

from neufs_tui.app.keys import SCROLLING, closed_by
from neufs_tui.app.pages import learning_curve
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import Scroller
from neufs_tui.statistics.learning_curve import Progress

_TICKS = 6
_LINE = (143, 179, 217)
"""The theme's primary colour, as the plotting library wants it."""


class CurveScreen(ModalScreen[None]):
    """Agreement with the annotator's labels, coverage gained, and what each signal was worth."""

    CSS_PATH = "curve.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [*closed_by("curve"), *SCROLLING]

    def __init__(self, shown: Progress) -> None:
        """Bind what is plotted; labels given while the screen is open are not in it."""
        super().__init__()
        self._progress = shown

    def compose(self) -> ComposeResult:
        """Sentences, two plots, the signals, and how to leave."""
        with Scroller(id="curve"):
            yield Static(learning_curve.summary(self._progress), id="summary")
            if len(self._progress.points) > 1:
                with Horizontal(id="plots"):
                    yield PlotextPlot(id="agreement")
                    yield PlotextPlot(id="coverage")
            yield Static(learning_curve.signals(self._progress), id="signals")
        yield Bar(id="leave")

    def on_mount(self) -> None:
        """Draw."""
        self.query_one(Bar).parts = ("esc closes", "↑↓ scroll")
        if len(self._progress.points) > 1:
            self._plot_agreement(self.query_one("#agreement", PlotextPlot))
            self._plot_coverage(self.query_one("#coverage", PlotextPlot))

    def action_scroll(self, to: str) -> None:
        """Move the page."""
        self.query_one(Scroller).move(to)

    def _plot_agreement(self, plot: PlotextPlot) -> None:
        """The share of answers that were the annotator's, between the ends of its interval."""
        points = [one for one in self._progress.points if one.agreement.share is not None]
        plt = plot.plt
        plt.title("answers that were yours")
        labels = [point.n_labels for point in points]
        for end in (0, 1):
            ends = [one.agreement.interval[end] for one in points]
            plt.plot(labels, ends, marker="·", color="gray")
        plt.plot(labels, [one.agreement.share or 0.0 for one in points], marker="•", color=_LINE)
        plt.ylim(0, 1)
        plt.yticks([0, 0.5, 1], ["0", ".5", "1"])
        _count(plt, labels)

    def _plot_coverage(self, plot: PlotextPlot) -> None:
        """Neurons that each label added; beside the first one's the others would vanish."""
        points = [p for p in self._progress.points[1:] if p.gain is not None]
        plt = plot.plt
        plt.title("neurons added, after the first")
        labels, gains = [p.n_labels for p in points], [p.gain or 0 for p in points]
        plt.bar(labels, gains, marker="sd", width=0.5, color=_LINE)
        top = max(gains, default=0)
        plt.yticks([0, top], ["0", f"{top:,}"])
        _count(plt, labels)


def _count(plt: Plot, labels: Sequence[int]) -> None:
    """Whole numbers under a plot, a few of them."""
    plt.xlabel("labels")
    if labels:
        step = max(1, -(-len(labels) // _TICKS))
        ticks = labels[::step]
        plt.xticks([float(tick) for tick in ticks], [str(tick) for tick in ticks])
