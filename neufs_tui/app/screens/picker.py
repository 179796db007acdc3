"""Find a label by typing a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from neufs_tui.app.keys import closed_by
from neufs_tui.app.widgets.bar import KeyBar
from neufs_tui.app.widgets.field import Field
from neufs_tui.core.records import Label
from neufs_tui.core.text import one_line


def matching(labels: Sequence[Label], typed: str) -> list[Label]:
    """Labels that hold every word typed, in their name or definition, best first.

    Names that begin with the first word come first, then names that hold all of them, then
    names and definitions together; within each group the order stays. Upper and lower case are
    the same. `card pay` finds `pending_card_payment`.
    """
    words = typed.casefold().split()
    ranked: list[tuple[int, Label]] = []
    for label in labels:
        name = label.name.casefold()
        if all(word in name for word in words):
            ranked.append((0 if not words or name.startswith(words[0]) else 1, label))
        elif all(word in f"{name} {label.definition.casefold()}" for word in words):
            ranked.append((2, label))
    return [label for _, label in sorted(ranked, key=lambda item: item[0])]


class PickerScreen(ModalScreen[str | None]):
    """Returns the name of the label picked, or None; keys that can be typed do not close it."""

    CSS_PATH = "picker.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar = [
        *closed_by("find"),
        Binding("down", "down", tooltip="the next label"),
        Binding("up", "up", tooltip="the label before"),
    ]

    def __init__(
        self,
        labels: Sequence[Label],
        keys: dict[str, str],
        *,
        asks: str = "type a part of the label",
        first: str | None = None,
    ) -> None:
        """Offer every label.

        Args:
            labels: of the task.
            keys: label → its key, for those that have one.
            asks: what stands in the field until something is typed.
            first: the label to begin at; None is the first.
        """
        super().__init__()
        self._labels = labels
        self._keys = keys
        self._asks, self._first = asks, first
        self._matching: list[Label] = []

    def compose(self) -> ComposeResult:
        """What is typed above what matches."""
        yield Field(placeholder=self._asks)
        yield OptionList(markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin with all of them."""
        self.query_one(KeyBar).keys = (("enter", "takes it"), ("↑↓", "move"), ("esc", "leaves"))
        self._narrow("")
        names = [label.name for label in self._labels]
        if self._first in names:
            self.query_one(OptionList).highlighted = names.index(self._first)

    @on(Input.Changed)
    def _type(self, event: Input.Changed) -> None:
        event.stop()
        self._narrow(event.value)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None and self._matching:
            self.dismiss(self._matching[highlighted].name)

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._matching[event.option_index].name)

    def action_down(self) -> None:
        """Move in the list while typing goes on."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Move in the list while typing goes on."""
        self.query_one(OptionList).action_cursor_up()

    def _narrow(self, typed: str) -> None:
        # the keys stand beside the names, so that people type them
        by_key = [one for one in self._labels if self._keys.get(one.name) == typed.strip()]
        self._matching = matching(self._labels, typed) or by_key
        options = self.query_one(OptionList)
        options.clear_options()
        if not self._matching:
            options.add_option(Option("no label holds that", disabled=True))
            return
        options.add_options([Option(self._line(label)) for label in self._matching])
        options.highlighted = 0

    def _line(self, label: Label) -> Content:
        """The key that would have given it, its name and what it means."""
        key = Content.styled(self._keys.get(label.name, " "), "bold $accent")
        definition = f"  {one_line(label.definition)}" if label.definition else ""
        name = Content.styled(one_line(label.name), "bold")
        return Content.assemble(key, "  ", name, (definition, "$foreground-muted"))
