"""The list: every example with its answer, narrowed by filters, to open one or change many."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from neufs_tui.app.commands import Commands
from neufs_tui.app.keys import PALETTE, borrowed
from neufs_tui.app.screens.opened import OpenedScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.bar import Bar, KeyBar
from neufs_tui.app.widgets.example_rows import ExampleRows
from neufs_tui.app.widgets.field import Field
from neufs_tui.app.widgets.label_list import LabelList
from neufs_tui.core.records import Answer
from neufs_tui.engine.protocol import Uncertainty
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.listing import Listing, Query, parse
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording import listing as words


class ListScreen(ModalScreen[str]):
    """What is typed narrows the list at once; enter opens the example at hand, or changes many.

    Returns what was done last, empty where nothing was.
    """

    CSS_PATH = "list.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar = [
        Binding("escape", "leave", tooltip="close the list"),
        *(borrowed(name, "leave") for name in ("list", "quit")),
        PALETTE,
        Binding("down", "move(1)", tooltip="the next example"),
        Binding("up", "move(-1)", tooltip="the example before"),
        Binding("pagedown", "page(1)", tooltip="a page on"),
        Binding("pageup", "page(-1)", tooltip="a page back"),
        Binding("tab", "mark", tooltip="mark the example, to change many at once"),
        Binding("f2", "mark_all", tooltip="mark all that are listed, or none"),
    ]

    def __init__(self, loop: LabellingLoop, commands: Commands, labels: LabelList) -> None:
        """Bind what it lists.

        Args:
            loop: where the annotator is.
            commands: what changes the session.
            labels: of the labelling screen, for labels and keys.
        """
        super().__init__()
        self._loop, self._commands, self._labels = loop, commands, labels
        self._done = ""
        """What was done last."""
        self._uncertainty: Uncertainty | None = None
        self._query = Query()
        self._listing = Listing(loop.workspace, loop.position)
        self._rows = ExampleRows(lambda one: self._listing.of(one), id="rows")

    def compose(self) -> ComposeResult:
        """Filters above, rows, and what the last key did."""
        yield Field(placeholder='words, "a phrase", label:…, skipped, flag, note, disagree, unsure')
        yield Bar(id="filters")
        yield Static(id="headings", markup=False)
        yield self._rows
        yield Bar(id="said")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Name the keys."""
        self.query_one(KeyBar).keys = (
            ("enter", "open"),
            ("tab", "mark"),
            ("f2", "mark all"),
            ("esc", "close"),
        )

    def on_resize(self) -> None:
        """List in the width there is."""
        self._list()

    def hear(self, event: Uncertainty) -> None:
        """Put the order right that the model's uncertainty makes."""
        self._uncertainty = event
        self._read_anew()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        self._query = parse(event.value)
        if self._query.by_uncertainty and self._uncertainty is None:
            asked = self._loop.ask_uncertainty()
            self._say("" if asked else "without the model there is no order by its uncertainty")
        elif unknown := self._listing.unknown_labels(self._query):
            self._say(words.no_such_label(unknown))
        else:
            self._say("")
        self._list()

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        if self._rows.marked:
            self._change_marked()
        elif (example := self._rows.here) is not None:
            opened = OpenedScreen(self._loop, self._commands, self._labels, example)
            self.app.push_screen(opened, self._come_back)

    def action_leave(self) -> None:
        """Close the list."""
        self.dismiss(self._done)

    def action_move(self, by: int) -> None:
        """Go to another row."""
        self._rows.move(by)

    def action_page(self, by: int) -> None:
        """Go a page of rows on or back."""
        self._rows.move(by * max(1, self._rows.size.height - 1))

    def action_mark(self) -> None:
        """Mark the row at hand, or take its mark away, and go on."""
        if (example := self._rows.here) is not None:
            self._rows.marked = self._rows.marked ^ {example.id}
            self._rows.move(1)
            self._tell()

    def action_mark_all(self) -> None:
        """Mark all that are listed; none any more, where all are marked."""
        listed = frozenset(one.id for one in self._rows.examples)
        marked = self._rows.marked
        self._rows.marked = marked - listed if listed <= marked else marked | listed
        self._tell()

    def _change_marked(self) -> None:
        """Ask which label the marked ones are to have, with how many they are."""
        here, marked = self._loop.position, self._rows.marked
        decided = [one for one in here.decisions if one.example_id in marked]
        if not decided:
            self._say("none of the marked ones has an answer to change")
            return
        by_answer = Counter(one.answer.text if one.answer else "skipped" for one in decided)
        listed = {one.id for one in self._rows.examples}
        n_hidden = sum(one.example_id not in listed for one in decided)
        n_left_out = len(marked) - len(decided)
        asks = words.bulk_question(len(decided), by_answer, n_left_out, n_hidden)

        def change(label: str | None) -> None:
            if label is None:
                return
            answers = dict.fromkeys([one.example_id for one in decided], Answer(label))
            try:
                said = self._commands.change(answers)
            except NeufsError as error:
                said = error.message
            else:
                self._rows.marked = frozenset()
            self._come_back(said)

        labels = self._labels
        self.app.push_screen(PickerScreen(labels.labels, labels.keys_by_label, asks=asks), change)

    def _come_back(self, said: str | None) -> None:
        """From what was done with an example, or with many: the row at hand stays so."""
        self._done = said or self._done
        self._say(said or "", right=f"esc, then {self._commands.keys['undo']}" if said else "")
        at = self._rows.at
        self._read_anew()
        self._rows.move(at)

    def _read_anew(self) -> None:
        by_row = self._uncertainty.by_row if self._uncertainty is not None else ()
        self._listing = Listing(self._loop.workspace, self._loop.position, by_row)
        self._list()

    def _list(self) -> None:
        names = [*self._loop.workspace.task.label_names, "skipped"]
        texts = [one.value for one in self._query.wishes if one.of == "text" and not one.negated]
        self._rows.list(self._listing.find(self._query), names=names, words=texts)
        self.query_one("#headings", Static).update(self._rows.headings())
        self._tell()

    def _tell(self) -> None:
        bar = self.query_one("#filters", Bar)
        bar.parts = words.filters(self._listing.counts)
        marked, listed = self._rows.marked, self._rows.examples
        n_hidden = len(marked - {one.id for one in listed}) if marked else 0
        bar.right = words.found(len(listed), len(self._listing), len(marked), n_hidden)

    def _say(self, sentence: str, right: str = "") -> None:
        bar = self.query_one("#said", Bar)
        bar.parts, bar.right = (sentence,), right
