"""The middle of the screen: an example's text, or a page of the program's own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Static


class Scroller(VerticalScroll, can_focus=False):
    """A part of a screen that scrolls by the screen's own commands, and says what is in view."""

    @dataclass
    class Scrolled(Message):
        """Another part of it is in view."""

        above: int
        """Lines hidden above."""
        below: int
        """Lines hidden below."""

    def move(self, to: str) -> None:
        """Scroll at once, to one of `down`, `up`, `page_down`, `page_up`, `home` and `end`."""
        getattr(self, f"scroll_{to}")(animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say what is in view now."""
        super().watch_scroll_y(old_value, new_value)
        self._report()

    def watch_virtual_size(self, _old: Size, _new: Size) -> None:
        """Say what is in view of something of another length."""
        self._report()

    def on_resize(self, _event: Resize) -> None:
        """Say what is in view of a window of another size."""
        self._report()

    def _report(self) -> None:
        below = max(0, round(self.max_scroll_y - self.scroll_y))
        self.post_message(self.Scrolled(round(self.scroll_y), below))


class TextView(Scroller):
    """A text that scrolls, and that knows whether it has come onto the screen."""

    DEFAULT_CSS = """
    TextView {
        scrollbar-size: 0 0;
    }
    """

    def compose(self) -> ComposeResult:
        """The text, in a widget as high as it is long."""
        yield _Body(markup=False)

    def show(self, text: str | Content) -> None:
        """Put another text in place, from its beginning; a string is data, never markup."""
        body = self.query_one(_Body)
        body.drawn_at = None
        body.update(text)
        self.scroll_home(animate=False, force=True)

    def restyle(self, text: Content) -> None:
        """Mark parts of the text that is there already; the place in it stays."""
        self.query_one(_Body).update(text)

    def reveal(self, text: str, at: int) -> None:
        """Scroll, if need be, until a character of the text shown is in view.

        Args:
            text: as it is shown.
            at: the character's place in it.
        """
        width = self.query_one(_Body).content_size.width
        if width:
            # the line that it is on is the last of those of the text up to it
            line = len(Content(text[: at + 1]).wrap(width)) - 1
            if not self.scroll_offset.y <= line < self.scroll_offset.y + self.size.height:
                self.scroll_to(y=max(0, line - self.size.height // 3), animate=False, force=True)

    @property
    def drawn_at(self) -> float | None:
        """When the text was first rendered, on its way to the terminal; monotonic, in seconds.

        None while it is not. Rendering and writing are one step of Textual's: a key read later
        was pressed by someone who could have seen the text.
        """
        return self.query_one(_Body).drawn_at

    def call_when_painted(self, painted: Callable[[], None]) -> None:
        """Call back once the text has been sent to the terminal, unless it is hidden now."""
        body = self.query_one(_Body)
        body.call_after_refresh(lambda: painted() if body.drawn_at is not None else None)


class _Body(Static):
    """The text itself."""

    drawn_at: float | None = None
    """When what it holds was first rendered; None while it has not been."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render, and remember that it was."""
        if self.drawn_at is None:
            self.drawn_at = monotonic()
        return super().render_lines(crop)
