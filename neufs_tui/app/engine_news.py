"""What is told of the engine: on the line that answers keys, and in the place of an example."""

from __future__ import annotations

from textual.content import Content

from neufs_tui.app.pages import instead
from neufs_tui.app.pages.startup import Loading
from neufs_tui.app.widgets.foot import Foot
from neufs_tui.engine.protocol import EngineDied, EngineFailed, Event, Noticed
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.shown import Waiting
from neufs_tui.wording import sentences


class EngineNews:
    """Tells each event once."""

    def __init__(self) -> None:
        """Begin before the pool is read."""
        self._loading = Loading()
        self._noticed: Noticed | None = None

    def start(self) -> None:
        """The engine is started."""
        self._loading = Loading("starting the engine")

    def tell(self, event: Event, was: EngineState, loop: LabellingLoop, foot: Foot) -> None:
        """Say what an event is to the annotator.

        Args:
            event: as the loop has taken it in.
            was: the engine's state before it.
            loop: where the annotator is.
            foot: where it is said.
        """
        self._loading = self._loading.after(event)
        match event:
            case Noticed() if event != self._noticed:
                self._noticed = event  # an engine started again notices the same
                foot.say(" · ".join(filter(None, [foot.said, *event.sentences])))
            case EngineFailed():
                foot.say(sentences.engine_failed(event), trouble=True)
            case EngineDied() if was is EngineState.GONE:
                pass  # it said why before
            case EngineDied():
                foot.say(sentences.engine_died(event), trouble=True)
        if was is EngineState.RESTARTING and loop.engine.state is EngineState.RUNNING:
            foot.say("the engine is back")

    @property
    def loading(self) -> str:
        """The part of the start that is under way."""
        return str(self._loading)

    def page(self, loop: LabellingLoop | None, offer: str) -> Content:
        """What stands where the text would.

        Args:
            loop: where the annotator is; None until the session is open.
            offer: the key that has skipped examples offered again.
        """
        if loop is None:
            return instead.loading(self._loading)
        match loop.waiting:
            case Waiting.FINISHED:
                workspace = loop.workspace
                command = sentences.export_command(workspace.pool_name, workspace.session_name)
                return instead.finished(loop.counts, command, offer=offer)
            case Waiting.SCANNING:
                return instead.scanning(loop.engine.scan)
            case Waiting.CHOOSING:
                return instead.choosing()
        return instead.loading(self._loading)
