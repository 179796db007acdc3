"""What stands in the middle of the screen, and whether a key may act on it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from neufs_tui.app.gate import Gate
from neufs_tui.app.widgets.example_view import ExampleView
from neufs_tui.app.widgets.foot import Foot
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.errors import NeufsError
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Shown, Waiting
from neufs_tui.wording.reasons import brief_shown


class Display:
    """An example or a page in its place: keys read before it was painted do not act on it."""

    def __init__(self, view: ExampleView, foot: Foot, page: Callable[[], Content]) -> None:
        """Begin with nothing painted.

        Args:
            view: where it is shown.
            foot: where it is said that keys came too early.
            page: what stands in the place of an example.
        """
        self._view = view
        self._foot = foot
        self._page = page
        self._gate = Gate()
        self._loop: LabellingLoop | None = None
        self._shown: Shown | Waiting | None = Waiting.LOADING
        self._is_hidden = False

    def preview(self, shown: Shown, why: str) -> None:
        """Show an example before there is a loop, without its place in the pool."""
        self._shown = shown
        self._gate.shut()
        self._view.preview(shown, why)
        self.await_paint()

    def open(self, loop: LabellingLoop) -> None:
        """Show, from now on, what the loop says; a text that stands there already stays."""
        before, self._loop = self._shown, loop
        shown = loop.shown
        if shown is None or not isinstance(before, Shown) or before.example.id != shown.example.id:
            return
        self._shown = shown
        self._view.describe(shown, brief_shown(loop), n_pool=len(loop.workspace.examples))
        self._foot.tell_example(is_shown=True)
        if self._gate.is_open:
            self._remember_paint()

    def follow(self) -> bool:
        """Show the loop as it is; whether that is another display than before."""
        if self._loop is None:
            return False
        shown = self._loop.shown or self._loop.waiting
        changed = shown != self._shown
        self._shown = shown
        if changed:
            self.show()
        elif self._loop.shown is None:
            self._text.show(self._page())
            self.await_paint()
        return changed

    def show(self) -> None:
        """Put the display in place; keys wait until it is painted."""
        self._gate.shut()
        if self._loop is not None and self._loop.shown is not None:
            n_pool = len(self._loop.workspace.examples)
            self._view.show(self._loop.shown, brief_shown(self._loop), n_pool=n_pool)
        else:
            self._view.show_instead(self._page())
        self._foot.tell_example(is_shown=isinstance(self._shown, Shown))
        self.await_paint()

    def hide(self, is_hidden: bool) -> None:
        """The window has become too small for it, or has room for it."""
        self._is_hidden = is_hidden
        if is_hidden:
            self._gate.shut()
        else:
            self.await_paint()

    def await_paint(self) -> None:
        """Take keys once it is painted."""
        if self._gate.is_open:
            return
        shown = self._shown

        def painted() -> None:
            if self._shown is shown and self._view.screen.is_active:
                self._take_keys()

        self._text.call_when_painted(painted)

    def admits(self, read_at: float) -> bool:
        """Whether a key may act on it; those that came too early are told.

        Args:
            read_at: when the key was read, on the monotonic clock.
        """
        self._take_keys()  # it may be on the terminal before Textual has told us
        admitted = self._gate.admits(read_at)
        if not admitted:
            self._tell_early_keys()
        return admitted

    def seconds(self, read_at: float) -> float | None:
        """From its paint to a key; None while it is not painted."""
        return self._gate.seconds(read_at)

    @property
    def _text(self) -> TextView:
        return self._view.query_one(TextView)

    def _take_keys(self) -> None:
        painted_at = self._text.drawn_at
        if painted_at is None or self._gate.is_open or self._is_hidden:
            return
        self._gate.open(painted_at)
        self._tell_early_keys()
        self._remember_paint()

    def _remember_paint(self) -> None:
        if self._loop is not None:
            try:
                self._loop.painted()
            except NeufsError as error:
                self._foot.say_error(error)

    def _tell_early_keys(self) -> None:
        """Say that keys were dropped, once the display they were too early for is there."""
        if self._gate.is_open and (n_early := self._gate.take_early()):
            self._foot.say_early(n_early)
