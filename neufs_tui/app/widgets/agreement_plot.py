"""The learning curve as a plot: how often the model's answer was the annotator's."""

from __future__ import annotations

from collections.abc import Sequence

from textual_plotext import PlotextPlot
from textual_plotext.plot import Plot

from neufs_tui.statistics.learning_curve import LearningPoint

LINE = (143, 179, 217)
"""The theme's primary colour, as the plotting library wants it."""
_TICKS = 6


class AgreementPlot(PlotextPlot):
    """The share of answers that were the annotator's, between the ends of its interval."""

    def show(self, points: Sequence[LearningPoint]) -> None:
        """Draw the points, those of which nothing could be compared left out."""
        points = [one for one in points if one.agreement.share is not None]
        plt = self.plt
        plt.clear_figure()
        plt.title("answers that were yours")
        labels = [point.n_labels for point in points]
        for end in (0, 1):
            ends = [one.agreement.interval[end] for one in points]
            plt.plot(labels, ends, marker="·", color="gray")
        plt.plot(labels, [one.agreement.share or 0.0 for one in points], marker="•", color=LINE)
        plt.ylim(0, 1)
        plt.yticks([0, 0.5, 1], ["0", ".5", "1"])
        count_labels(plt, labels)
        self.refresh()


def count_labels(plt: Plot, labels: Sequence[int]) -> None:
    """Whole numbers under a plot, a few of them."""
    plt.xlabel("labels")
    if labels:
        step = max(1, -(-len(labels) // _TICKS))
        ticks = labels[::step]
        plt.xticks([float(tick) for tick in ticks], [str(tick) for tick in ticks])
