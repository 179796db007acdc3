"""One example opened from the list: its text, what is known of it, and the keys that change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key, Resize
from textual.screen import ModalScreen

from neufs_tui.app.commands import Commands
from neufs_tui.app.keys import SCROLLING, borrowed, closed_by
from neufs_tui.app.screens.note import NoteScreen
from neufs_tui.app.screens.picker import PickerScreen
from neufs_tui.app.widgets.bar import Bar, KeyBar
from neufs_tui.app.widgets.label_list import LabelList
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.records import Answer, Example
from neufs_tui.core.text import visible
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.listing import Listing
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording.amended import marked
from neufs_tui.wording.listing import facts
from neufs_tui.wording.sentences import hidden_lines

_OTHER_LINES, _PADDING = 6, 4
"""Lines that are neither text nor labels, and cells left and right of those."""


class OpenedScreen(ModalScreen[str | None]):
    """Returns what was done with it, or None; a label decides in the place that it has."""

    CSS_PATH = "opened.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [
        *closed_by("list"),
        *SCROLLING,
        borrowed("find", "find"),
        borrowed("skip", "skip"),
        borrowed("flag", "flag"),
        borrowed("note", "note"),
    ]

    def __init__(
        self, loop: LabellingLoop, commands: Commands, labels: LabelList, example: Example
    ) -> None:
        """Bind what it is about.

        Args:
            loop: where the annotator is.
            commands: what changes the session.
            labels: of the labelling screen, for labels and keys.
            example: the one opened.
        """
        super().__init__()
        self._loop, self._commands, self._example = loop, commands, example
        self._labels = LabelList(id="labels")
        self._labels.labels, self._labels.taken = labels.labels, labels.taken

    def compose(self) -> ComposeResult:
        """The text, what is known, the labels, the keys."""
        yield Bar(id="known")
        yield TextView(id="text")
        yield Bar(id="marks")
        yield self._labels
        yield Bar(id="said")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the example."""
        keys = self._commands.keys
        self.query_one(TextView).show(visible(self._example.text))
        self.query_one(KeyBar).keys = (
            ("label key", "changes it"),
            *((keys[name], name) for name in ("skip", "flag", "note")),
            ("esc", "back"),
        )
        self._tell()

    def on_resize(self, event: Resize) -> None:
        """Give the text the room that labels and lines leave, and no more than it takes."""
        width, height = event.size
        self._labels.max_rows = max(3, (height - _OTHER_LINES) // 2)
        n_lines = self._labels.get_content_height(event.size, event.size, width - _PADDING)
        self.query_one(TextView).styles.max_height = height - _OTHER_LINES - n_lines

    def on_key(self, event: Key) -> None:
        """Give the label whose key was pressed; not before the text was there to be read."""
        label = self._labels.key_of().get(event.key)
        if label is not None:
            event.stop()
            drawn_at = self.query_one(TextView).drawn_at
            if drawn_at is not None and event.time >= drawn_at:
                self._decide(Answer(label))

    def action_skip(self) -> None:
        """Leave it without a label."""
        self._decide(None)

    def action_find(self) -> None:
        """Give a label that is found by typing."""

        def give(label: str | None) -> None:
            if label is not None:
                self._decide(Answer(label))

        self.app.push_screen(PickerScreen(self._labels.labels, self._labels.keys_by_label), give)

    def action_flag(self) -> None:
        """Flag it, or flag it no longer."""
        self._do(lambda: self._commands.flag(self._example))

    def action_note(self) -> None:
        """Write something of it."""

        def keep(note: str | None) -> None:
            if note is not None:
                self._do(lambda: self._commands.note(self._example, note))

        self.app.push_screen(NoteScreen(self._example, self._commands.note_on(self._example)), keep)

    def action_scroll(self, to: str) -> None:
        """Move the text."""
        self.query_one(TextView).move(to)

    @on(TextView.Scrolled)
    def _tell_hidden_lines(self, event: TextView.Scrolled) -> None:
        event.stop()
        self.query_one("#marks", Bar).right = hidden_lines(event.above, event.below)

    def _decide(self, answer: Answer | None) -> None:
        self._do(lambda: self._commands.give(self._example, answer), leave=True)

    def _do(self, command: Callable[[], str], *, leave: bool = False) -> None:
        """Do what a key is for, and say it: here, or on the list to which it leads back."""
        try:
            said = command()
        except NeufsError as error:
            self._say(error.message)
            return
        if leave:
            self.dismiss(said)
        else:
            self._say(said)
            self._tell()

    def _say(self, sentence: str) -> None:
        self.query_one("#said", Bar).parts = (sentence,)

    def _tell(self) -> None:
        listed = Listing(self._loop.workspace, self._loop.position).of(self._example)
        n_pool = len(self._loop.workspace.examples)
        self.query_one("#known", Bar).parts = tuple(facts(listed, n_pool))
        marks = marked(self._loop.workspace.session, self._example.id)
        self.query_one("#marks", Bar).parts = marks
