"""One-line widgets: something at both ends, and the line that names the keys."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.wording.lines import spread

_FIRST_TO_GO = ("hunt", "flag")


class Bar(Widget):
    """A line of facts at the left and one at the right; facts are data, never markup."""

    DEFAULT_CSS = "Bar { height: 1; }"

    parts: reactive[tuple[str, ...]] = reactive(())
    """The left end, the most important first."""
    right: reactive[str] = reactive("")

    def render(self) -> RenderResult:
        """Both ends, spread over the width there is."""
        return Content(spread(self.parts, self.right, self.content_size.width))


class KeyBar(Widget):
    """The keys that matter now, as many as fit."""

    DEFAULT_CSS = "KeyBar { height: 1; }"

    keys: reactive[tuple[tuple[str, str], ...]] = reactive(())
    """Keys, each with its command's name."""
    idle: reactive[frozenset[str]] = reactive(frozenset())
    """Commands that do nothing at the moment."""

    def render(self) -> RenderResult:
        """Key and name, the keys in bold."""
        width = self.content_size.width
        items = [item for item in self.keys if item[1] not in self.idle]
        for name in _FIRST_TO_GO:
            if _width(items) > width:
                items = [item for item in items if item[1] != name]
        pairs = [Content.assemble((key, "bold $text"), f" {name}") for key, name in items]
        return Content("   ").join(pairs).truncate(width)


def _width(items: list[tuple[str, str]]) -> int:
    return sum(len(key) + 1 + len(name) for key, name in items) + 3 * (len(items) - 1)
