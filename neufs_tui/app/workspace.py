"""The real workspace: a pool that was read, its session, and the engine beside them.

Storage and its libraries are imported here when the screen has been painted, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from neufs_tui.app.ports import Engine, OpenSession, Workspace
from neufs_tui.core.records import Decision, Example, ExampleId, Pick, Task
from neufs_tui.core.settings import CaptureSettings, ModelChoice, SelectionSettings
from neufs_tui.engine.protocol import ModelReady
from neufs_tui.project.request import ProjectRequest

if TYPE_CHECKING:
    from neufs_tui.core.explanation import Explanation
    from neufs_tui.core.labelled import LabelledExample
    from neufs_tui.project.project import Project
    from neufs_tui.storage.session import Session


class SessionWorkspace:
    """A project's pool and the session on it; the only writer of its session file."""

    def __init__(self, project: Project, session: Session, session_name: str | None) -> None:
        """Bind an open session whose pool and settings are up to date.

        Args:
            project: the pool and what was said about it.
            session: the session on it.
            session_name: its file as the user named it; None when it is at its usual place.
        """
        self._session = session
        self.examples: Mapping[ExampleId, Example] = {e.id: e for e in project.pool.examples}
        self.task: Task = project.require_task()
        self.model: ModelChoice = project.model
        self.selection: SelectionSettings = project.selection
        self.pool_name: str = project.pool.source
        self.session: str | None = session_name
        self.notices: tuple[str, ...] = project.notices

    def revision(self) -> int:
        """Length of the journal."""
        return self._session.revision()

    def decisions(self) -> tuple[Decision, ...]:
        """What holds now, in the order it was decided."""
        return self._session.decisions()

    def labelled(self) -> tuple[LabelledExample, ...]:
        """The examples whose label holds, in labelling order."""
        return self._session.decided()

    def record(
        self,
        decision: Decision,
        *,
        pick: Pick | None,
        seconds: float | None,
        looked: bool,
        panel: Explanation | None,
    ) -> None:
        """Store a decision; it is on disk when this returns."""
        self._session.record(decision, pick=pick, seconds=seconds, looked=looked, panel=panel)

    def add_panel(self, panel: Explanation) -> None:
        """Store what the engine says of a label after it was given."""
        self._session.add_panel(panel)

    def undo(self) -> Decision | None:
        """Take back the last decision that holds."""
        return self._session.undo()

    def redo(self) -> Decision | None:
        """Bring back the decision undone last."""
        return self._session.redo()

    def pick_of(self, example_id: ExampleId) -> Pick | None:
        """Why the example was shown when it was last decided."""
        return self._session.pick_of(example_id)

    def set_shown(self, example_id: ExampleId, pick: Pick | None, *, looked: bool) -> None:
        """Remember what is on her screen at this revision."""
        self._session.set_shown(example_id, pick, looked=looked)

    def shown(self) -> tuple[ExampleId, Pick | None, bool] | None:
        """What was on her screen at this revision, before a restart; and whether she had looked."""
        return self._session.shown()

    def set_model(self, ready: ModelReady) -> None:
        """Keep which model is loaded."""
        self._session.save_model(ready.identity)

    def close(self) -> None:
        """Let go of the session file and its lock."""
        self._session.close()


class ProjectStartup:
    """Reads a project on a thread, then opens its session on the app's own."""

    def __init__(
        self,
        request: ProjectRequest,
        capture: CaptureSettings,
        *,
        stdin: BinaryIO | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        """Keep what the command line said.

        Args:
            request: the pool, and what was said about it.
            capture: what is recorded of the model.
            stdin: the pool's bytes, when its source is standard input.
            notices: what else is to be known beside what is to be known of the pool.
        """
        self._request = request
        self._capture = capture
        self._stdin = stdin
        self._notices = notices

    def read(self) -> OpenSession:
        """Read and check everything that can be read without the session's lock."""
        from neufs_tui.engine.client import EngineClient
        from neufs_tui.engine.configure import engine_config
        from neufs_tui.project.project import open_session, read_project
        from neufs_tui.storage.paths import log_path

        project = read_project(self._request, stdin=self._stdin)
        config = engine_config(project, self._capture, file_order_first=True)

        def open_both() -> tuple[Workspace, Engine]:
            session = open_session(project)
            workspace = SessionWorkspace(project, session, self._request.session)
            workspace.notices += self._notices
            return workspace, EngineClient(config, log_path())

        return open_both
