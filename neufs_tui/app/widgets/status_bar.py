"""The two lines at the bottom that say where the annotator is and where the engine is."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.wording.lines import spread
from neufs_tui.wording.status import (
    count_parts,
    engine_note,
    freshness,
    scan_parts,
    work_parts,
)


class StatusBar(Widget):
    """Counts and engine above, scan and freshness of the ranking below."""

    DEFAULT_CSS = "StatusBar { height: 2; }"

    counts: reactive[tuple[str, ...]] = reactive(())
    freshness: reactive[str] = reactive("")
    scan: reactive[tuple[str, ...]] = reactive(())
    engine: reactive[str] = reactive("")

    def tell(self, loop: LabellingLoop) -> None:
        """Say where the annotator is, how far the engine is, and how fresh the choice is."""
        shown, heard, n_labels = loop.shown, loop.engine, loop.counts.labelled
        scan = heard.scan
        self.counts = count_parts(loop.counts, loop.workspace.selection.shots)
        at_work = heard.state in (EngineState.RUNNING, EngineState.LOADING)
        done = scan is not None and scan.done == scan.total
        self.scan = work_parts(scan, heard.rescored, n_labels) if scan and (at_work or done) else ()
        brief = scan is not None and not done and self.scan not in ((), scan_parts(scan))
        self.freshness = freshness(shown.pick, n_labels, brief=brief) if shown else ""
        self.engine = engine_note(heard.state)

    def render(self) -> RenderResult:
        """Two lines, each with something at both ends."""
        width = self.content_size.width
        return Content.assemble(
            spread(self.counts, self.engine, width),
            "\n",
            (spread(self.scan, self.freshness, width), "$foreground-muted"),
        )
