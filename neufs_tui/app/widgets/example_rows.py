"""The rows of the list: a line an example, made when it comes into view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from neufs_tui.core.records import Example, ExampleId
from neufs_tui.core.text import one_line
from neufs_tui.labelling.listing import ListedExample
from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.listing import HEADINGS, cells

_MOST_NAME = 18
"""Cells of a label's name at most."""
_SHORTEST_TEXT = 24
"""Cells that a text has before names get more."""


class ExampleRows(ScrollView, can_focus=False):
    """Examples under their headings, one of them at hand, some marked."""

    DEFAULT_CSS = "ExampleRows { height: 1fr; scrollbar-size: 0 0; }"

    at: reactive[int] = reactive(0)
    """The row that keys act on."""
    marked: reactive[frozenset[ExampleId]] = reactive(frozenset())

    def __init__(self, describe: Callable[[Example], ListedExample], *, id: str) -> None:  # noqa: A002
        """Bind what tells what is known of an example."""
        super().__init__(id=id)
        self._describe = describe
        self._examples: Sequence[Example] = ()
        self._words: tuple[str, ...] = ()
        self._widths = (1, 1, 1)

    @property
    def examples(self) -> Sequence[Example]:
        """What is listed."""
        return self._examples

    @property
    def here(self) -> Example | None:
        """The example at hand; None where nothing is listed."""
        return self._examples[self.at] if self.at < len(self._examples) else None

    def list(
        self, examples: Sequence[Example], *, names: Sequence[str], words: Sequence[str] = ()
    ) -> None:
        """List examples from the first on.

        Args:
            examples: in their order.
            names: of the labels, for the width of their column.
            words: of the texts, to be marked where they are.
        """
        self._examples, self._words = examples, tuple(words)
        number = max((one.number for one in examples), default=1)
        room = max(4, (self.size.width - _SHORTEST_TEXT - 20) // 2)
        name = min(_MOST_NAME, room, max(map(cell_len, map(one_line, names)), default=1))
        self._widths = (len(f"{number:,}") + 1, max(5, name), max(5, name) + 2)
        self.virtual_size = Size(self.size.width, len(examples))
        self.at = 0
        self.scroll_to(y=0, animate=False)
        self.refresh()

    def move(self, by: int) -> None:
        """Go to another row, no farther than there are."""
        self.at = max(0, min(len(self._examples) - 1, self.at + by))
        self.scroll_to_region(Region(0, self.at, 1, 1), animate=False)

    def watch_at(self) -> None:
        """Show which row it is."""
        self.refresh()

    def watch_marked(self) -> None:
        """Show which rows are marked."""
        self.refresh()

    def headings(self) -> Content:
        """What the columns are."""
        return Content.styled(f"   {self._columns(HEADINGS[:-1])}{HEADINGS[-1]}", "$text-muted")

    def render_line(self, y: int) -> Strip:
        """One row."""
        place = y + self.scroll_offset.y
        width = self.size.width
        if place >= len(self._examples):
            return Strip.blank(width, self.rich_style)
        content = self._row(place).truncate(width).extend_right(width)
        return Visual.to_strips(self, content, width, 1, self.visual_style)[0]

    def _row(self, place: int) -> Content:
        listed = self._describe(self._examples[place])
        *facts, text = cells(listed)
        is_here = place == self.at
        mark = "●" if listed.example.id in self.marked else " "
        head = f"{'›' if is_here else ' '}{mark} {self._columns(facts)}"
        shown = ellipsis(text, max(0, self.size.width - cell_len(head)))
        weight = "bold " if is_here else ""
        style = "$foreground" if listed.decision is None else "$text"
        known = Content.styled(head, f"{weight}{'$text-warning' if listed.disagrees else style}")
        return Content.assemble(known, self._with_words(shown, f"{weight}$foreground"))

    def _columns(self, facts: Sequence[str]) -> str:
        number, answer, model, seconds, signs = facts
        wide = self._widths
        return (
            f"{number:>{wide[0]}}  {_fit(answer, wide[1])}  {_fit(model, wide[2])} "
            f"{seconds:>4} {signs:<3} "
        )

    def _with_words(self, text: str, style: str) -> Content:
        """The text with the words that were looked for underlined."""
        content, lower = Content.styled(text, style), text.casefold()
        for word in self._words:
            at = lower.find(word)
            while at >= 0 and len(lower) == len(text):
                content = content.stylize("underline bold", at, at + len(word))
                at = lower.find(word, at + len(word))
        return content


def _fit(text: str, width: int) -> str:
    cut = ellipsis(text, width)
    return cut + " " * (width - cell_len(cut))
