"""The learning curve: what the labels have brought, in plots and plain sentences."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static
from textual_plotext import PlotextPlot

from neufs_tui.app.keys import closed_by
from neufs_tui.app.pages import learning_curve
from neufs_tui.app.screens.page import ScrollingScreen
from neufs_tui.app.widgets.agreement_plot import LINE, AgreementPlot, count_labels
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.text_view import Scroller
from neufs_tui.statistics.learning_curve import Progress


class CurveScreen(ScrollingScreen):
    """Agreement with the annotator's labels, coverage gained, and what each signal was worth."""

    CSS_PATH = "curve.tcss"
    BINDINGS: ClassVar = closed_by("curve")

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
                    yield AgreementPlot(id="agreement")
                    yield PlotextPlot(id="coverage")
            yield Static(learning_curve.signals(self._progress), id="signals")
        yield Bar(id="leave")

    def on_mount(self) -> None:
        """Draw."""
        if len(self._progress.points) > 1:
            self.query_one(AgreementPlot).show(self._progress.points)
            self._plot_coverage(self.query_one("#coverage", PlotextPlot))

    def _plot_coverage(self, plot: PlotextPlot) -> None:
        """Neurons that each label added; beside the first one's the others would vanish."""
        points = [p for p in self._progress.points[1:] if p.gain is not None]
        plt = plot.plt
        plt.title("neurons added, after the first")
        labels, gains = [p.n_labels for p in points], [p.gain or 0 for p in points]
        plt.bar(labels, gains, marker="sd", width=0.5, color=LINE)
        top = max(gains, default=0)
        plt.yticks([0, top], ["0", f"{top:,}"])
        count_labels(plt, labels)
