"""Suggestions: rows of one label that is all but certain, to accept or correct at once."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult, RenderResult
from textual.content import Content
from textual.events import Key
from textual.geometry import Region
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from neufs_tui.app.keys import borrowed, closed_by
from neufs_tui.app.widgets.bar import KeyBar
from neufs_tui.app.widgets.text_view import Scroller, TextView
from neufs_tui.core.records import ExampleId
from neufs_tui.core.text import one_line, visible
from neufs_tui.labelling.suggestions import SuggestedPage
from neufs_tui.wording import sentences
from neufs_tui.wording.lines import ellipsis


class SuggestionRows(Widget):
    """A line for each row: whether it is in, the label's probability, how the text begins."""

    DEFAULT_CSS = "SuggestionRows { height: auto; }"

    answers: reactive[Mapping[ExampleId, str]] = reactive(dict)
    """Example → label, of the rows that are in."""
    at: reactive[int] = reactive(0)
    """The row that keys act on."""
    drawn_at: float | None = None
    """When they were first rendered, on the monotonic clock; None while they are not."""

    def __init__(self, page: SuggestedPage, *, id: str) -> None:  # noqa: A002 - Textual's name
        """Bind the rows."""
        super().__init__(id=id)
        self._page = page

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render, and remember that it was."""
        if self.drawn_at is None:
            self.drawn_at = monotonic()
        return super().render_lines(crop)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A line each."""
        return len(self._page.rows)

    def render(self) -> RenderResult:
        """The rows, those that are out in the background."""
        return Content("\n").join(self._row(place) for place in range(len(self._page.rows)))

    def _row(self, place: int) -> Content:
        example, probability = self._page.rows[place]
        label = self.answers.get(example.id)
        mark = {None: " ", self._page.label: "✓"}.get(label, "→")
        other = f"{one_line(label)}  " if label not in (None, self._page.label) else ""
        head = f"{'›' if place == self.at else ' '} {mark} {sentences.share(probability):>4}  "
        room = max(0, self.content_size.width - len(head))
        text = ellipsis(f"{other}{one_line(example.text)}", room)
        style = "$foreground-muted" if label is None else "$foreground"
        is_here = "bold" if place == self.at else ""
        return Content.assemble((head, f"bold {style}"), (text, f"{is_here} {style}".strip()))


class SuggestionsScreen(ModalScreen[Mapping[ExampleId, str] | None]):
    """Returns what is accepted, by example, or None; the row at hand is shown whole."""

    CSS_PATH = "suggestions.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [
        *closed_by("suggest"),
        borrowed("line_down", "move(1)"),
        borrowed("line_up", "move(-1)"),
        borrowed("skip", "take_out"),
    ]

    def __init__(self, page: SuggestedPage, label_of: Mapping[str, str]) -> None:
        """Begin with every row in.

        Args:
            page: the suggestions.
            label_of: key → the label it gives.
        """
        super().__init__()
        self._page = page
        self._label_of = label_of
        self._rows = SuggestionRows(page, id="rows")

    def compose(self) -> ComposeResult:
        """What is suggested, the rows, the text of the one at hand, and the keys."""
        yield Static(id="title", markup=False)
        with Scroller(id="list"):
            yield self._rows
        yield TextView(id="whole")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the first row."""
        self.query_one(KeyBar).keys = (
            ("enter", "accept"),
            ("space", "out or in"),
            ("esc", "leave all"),
            *((key, f"is {one_line(label)}") for key, label in self._label_of.items()),
        )
        self._rows.answers = {one.id: self._page.label for one, _ in self._page.rows}
        self._show()

    def on_key(self, event: Key) -> None:
        """Accept, or correct the row at hand; not before the page was there to be read."""
        drawn_at = self._rows.drawn_at
        if drawn_at is None or event.time < drawn_at:
            return
        if event.key == "enter":
            event.stop()
            self.dismiss(self._rows.answers)
        elif event.key in self._label_of:
            event.stop()
            self._give(self._label_of[event.key])
            self.action_move(1)

    def action_move(self, by: int) -> None:
        """Go to another row."""
        self._rows.at = max(0, min(len(self._page.rows) - 1, self._rows.at + by))
        self._show()

    def action_take_out(self) -> None:
        """Take the row at hand out, or in again as it was suggested."""
        is_in = self._here in self._rows.answers
        self._give(None if is_in else self._page.label)

    def _give(self, label: str | None) -> None:
        answers = {one: its for one, its in self._rows.answers.items() if one != self._here}
        self._rows.answers = answers if label is None else answers | {self._here: label}
        self._show()

    @property
    def _here(self) -> ExampleId:
        return self._page.rows[self._rows.at][0].id

    def _show(self) -> None:
        n_in = sum(label == self._page.label for label in self._rows.answers.values())
        n_rows, n_others = len(self._page.rows), len(self._rows.answers) - n_in
        what, how_many = sentences.suggestions(self._page.label, n_in, n_rows, n_others)
        title = Content.assemble((what, "bold"), "\n", (how_many, "$foreground-muted"))
        self.query_one("#title", Static).update(title)
        line = Region(0, self._rows.at, 1, 1)
        self.query_one("#list", Scroller).scroll_to_region(line, animate=False)
        example, _ = self._page.rows[self._rows.at]
        self.query_one(TextView).show(visible(example.text))
