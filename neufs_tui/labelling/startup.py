"""From what was said on the command line to a workspace and its engine, in two steps.

Storage and its libraries are imported here, once the screen has been painted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from neufs_tui.labelling.engine_process import EngineProcess
from neufs_tui.labelling.workspace import Workspace

if TYPE_CHECKING:
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.project.request import ProjectRequest

OpenWorkspace = Callable[[], tuple[Workspace, EngineProcess]]
"""Opens the session of a pool that was read; called on the thread that is to use it."""


def read_workspace(
    request: ProjectRequest,
    capture: CaptureSettings,
    *,
    stdin: BinaryIO | None = None,
    notices: tuple[str, ...] = (),
) -> OpenWorkspace:
    """Read and check everything that can be read without the session's lock; on any thread.

    Args:
        request: the pool, and what was said about it.
        capture: what is recorded of the model.
        stdin: the pool's bytes, when its source is standard input.
        notices: what else is to be known beside what is to be known of the pool.

    Raises:
        NeufsError: there is nothing to label.
    """
    from neufs_tui.engine.client import EngineClient
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.project.project import open_session, read_project
    from neufs_tui.storage.paths import log_path

    project = read_project(request, stdin=stdin)
    config = engine_config(project, capture, file_order_first=True)

    def open_workspace() -> tuple[Workspace, EngineProcess]:
        session = open_session(project)
        workspace = Workspace(project, session, session_name=request.session, notices=notices)
        return workspace, EngineClient(config, log_path())

    return open_workspace
