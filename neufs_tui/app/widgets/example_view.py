"""An example as the annotator reads it: its text, where it stands, why it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize

from neufs_tui.app.pages.explanation import underlined
from neufs_tui.app.widgets.bar import Bar
from neufs_tui.app.widgets.label_list import LabelList
from neufs_tui.app.widgets.reason_panel import ReasonPanel
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.core.text import visible
from neufs_tui.labelling.shown import Shown
from neufs_tui.statistics.learning_curve import LearningPoint
from neufs_tui.wording import sentences

_TALL_FROM = 30
"""Lines from which on the text leaves some of them free, so that labels stay near to it."""
_TEXT_SHARE, _TEXT_SHARE_BESIDE_MANY = 0.5, 0.35
"""Part of such a view that is the text's, also where there are more labels than lines for them."""


class ExampleView(Vertical):
    """Shows one example with its labels, or a page of the program's own words in its place."""

    DEFAULT_CSS = """
    ExampleView {
        height: 1fr;
    }
    """

    def __init__(self, labels: LabelList, *, id: str) -> None:  # noqa: A002  # as Textual has it
        """Take the labels that stand under the text."""
        super().__init__(id=id)
        self._labels = labels
        self._place = ""
        """Where the example in place stands."""
        self._marks: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The text takes what room the lines under it leave."""
        yield TextView(id="text")
        yield Bar(id="caption")
        yield self._labels
        yield ReasonPanel(id="reason")

    def on_resize(self, _event: Resize) -> None:
        """Divide another window."""
        self.fit()

    def fit(self) -> None:
        """Keep labels and text together in a tall window, by as much as labels are left out."""
        lines = self.size.height
        share = _TEXT_SHARE_BESIDE_MANY if self._labels.is_folded else _TEXT_SHARE
        most = round(lines * share) if lines >= _TALL_FROM else None
        self.query_one(TextView).styles.max_height = most

    def show(self, shown: Shown, why: str, *, n_pool: int) -> None:
        """Put an example in place.

        Args:
            shown: the example and its pick.
            why: the sentence on why it is shown.
            n_pool: examples in the pool.
        """
        self.query_one(TextView).show(_readable(shown.example.text))
        self.describe(shown, why, n_pool=n_pool)

    def preview(self, shown: Shown, why: str) -> None:
        """Put an example in place whose place in the pool is not known yet."""
        self._put(_readable(shown.example.text), "", why)

    def describe(self, shown: Shown, why: str, *, n_pool: int) -> None:
        """Say where the example in place stands, and why it is shown; as `show`."""
        cut = shown.pick is not None and shown.pick.truncated
        self._place, self._marks = sentences.place(shown.example, n_pool, cut=cut), ()
        self._caption()
        self.query_one(ReasonPanel).show(why)

    def mark(self, marks: tuple[str, ...]) -> None:
        """Say what the annotator marked the example in place with."""
        self._marks = marks
        self._caption()

    def show_instead(self, page: Content) -> None:
        """Put something else in place."""
        self._put(page, "", "")

    def explain(self, explanation: Explanation) -> None:
        """Add the gap to the reason."""
        self.query_one(ReasonPanel).explain(explanation)

    def plot(self, points: Sequence[LearningPoint]) -> None:
        """Draw the learning curve under the labels, where the window has room for it."""
        from neufs_tui.app.widgets.agreement_plot import AgreementPlot  # imported once wanted

        if not self.query(AgreementPlot):
            self.mount(AgreementPlot(id="plot"))
        self.query_one(AgreementPlot).show(points)

    def underline(self, text: str, words: tuple[Word, ...]) -> None:
        """Mark words of the text that is there already, and bring the strongest into view."""
        view, content = self.query_one(TextView), underlined(text, words)
        view.restyle(content)
        if words:
            strongest = max(words, key=lambda one: one.drop)
            view.reveal(content.plain, len(visible(text[: strongest.start])))

    def _put(self, text: str | Content, caption: str, why: str) -> None:
        self._place, self._marks = caption, ()
        self._caption()
        self.query_one(ReasonPanel).show(why)
        self.query_one(TextView).show(text)

    def _caption(self) -> None:
        self.query_one("#caption", Bar).parts = (self._place, *self._marks)

    @on(TextView.Scrolled)
    def _tell_hidden_lines(self, event: TextView.Scrolled) -> None:
        event.stop()
        self.query_one("#caption", Bar).right = sentences.hidden_lines(event.above, event.below)


def _readable(text: str) -> str | Content:
    """A text made fit to be shown; where nothing of it would be seen, that is said."""
    if any(char.isprintable() and cell_len(char) and not char.isspace() for char in text):
        return visible(text)
    return Content.styled("(nothing that could be seen)", "$text-muted")
