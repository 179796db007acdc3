"""What stands beside the text in a wide window."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.wording.lines import ellipsis
from neufs_tui.wording.side import Section


class SidePanel(Widget):
    """Headings with prose and lines under them, as many as fit; all of it data, never markup."""

    sections: reactive[tuple[Section, ...]] = reactive(())

    def render(self) -> RenderResult:
        """Section by section, a blank line between two."""
        width, height = self.content_size
        lines: list[Content] = []
        for section in self.sections:
            if lines:
                lines.append(Content(""))
            lines.append(Content.styled(ellipsis(section.heading, width), "bold"))
            lines += Content(section.prose).wrap(width) if section.prose else []
            lines += [
                Content.styled(ellipsis(row, width), "$foreground-muted") for row in section.rows
            ]
        return Content("\n").join(lines[:height])
