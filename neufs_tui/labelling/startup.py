"""From what was said on the command line to a workspace and its engine, in two steps.

Storage and its libraries are imported here, once the screen has been painted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from neufs_tui.labelling.engine_process import EngineProcess
from neufs_tui.labelling.workspace import Workspace

if TYPE_CHECKING:
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.protocol import Event
    from neufs_tui.labelling.headless import HeadlessLabelling
    from neufs_tui.project.request import ProjectRequest

OpenWorkspace = Callable[[], tuple[Workspace, EngineProcess]]
"""Opens the session of a pool that was read; called on the thread that is to use it."""


def read_workspace(
    request: ProjectRequest,
    capture: CaptureSettings,
    *,
    check_keys: Callable[[Mapping[str, str]], object],
    stdin: BinaryIO | None = None,
    notices: tuple[str, ...] = (),
    stay_s: float = 0.0,
) -> OpenWorkspace:
    """Read and check everything that can be read without the session's lock; on any thread.

    Args:
        request: the pool, and what was said about it.
        capture: what is recorded of the model.
        check_keys: raises UsageError when the screen's keys cannot be as they are configured.
        stdin: the pool's bytes, when its source is standard input.
        notices: what else is to be known beside what is to be known of the pool.
        stay_s: seconds that the engine waits for another app, should this one be gone without
            a word.

    Raises:
        NeufsError: there is nothing to label.
    """
    from neufs_tui.engine.client import EngineClient
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.place import Place
    from neufs_tui.project.project import open_session, read_project
    from neufs_tui.selection.registry import find_strategy
    from neufs_tui.storage.paths import engines_dir, log_path

    project = read_project(request, stdin=stdin)
    check_keys(project.keys)
    find_strategy(project.selection.strategy_name)
    config = engine_config(project, capture, file_order_first=True)

    def open_workspace() -> tuple[Workspace, EngineProcess]:
        session = open_session(project)
        workspace = Workspace(project, session, session_name=request.session, notices=notices)
        place = Place(project.session_path, engines_dir())
        return workspace, EngineClient(config, log_path(), place=place, stay_s=stay_s)

    return open_workspace


def open_headless(
    request: ProjectRequest,
    capture: CaptureSettings,
    *,
    listener: Callable[[Event], None] = lambda _: None,
    keeps_engine: bool = False,
) -> HeadlessLabelling:
    """The labelling loop for a script.

    Args:
        request: the pool, and what was said about it.
        capture: what is recorded of the model.
        listener: hears what the engine says.
        keeps_engine: the engine is to stay for many requests. Else it is to choose one example:
            by what is scanned, without the model where all is; nothing is read again.

    Raises:
        NeufsError: there is nothing to label, or another process is labelling it.
    """
    from neufs_tui.engine.client import EngineClient
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.place import Place
    from neufs_tui.labelling.headless import HeadlessLabelling
    from neufs_tui.project.project import open_session, read_project
    from neufs_tui.selection.registry import find_strategy
    from neufs_tui.storage.paths import engines_dir, log_path

    project = read_project(request)
    config = engine_config(project, capture, file_order_first=keeps_engine)

    def engine() -> EngineProcess:
        find_strategy(project.selection.strategy_name)
        if keeps_engine:
            place = Place(project.session_path, engines_dir())
            return EngineClient(config, log_path(), place=place)
        from neufs_tui.engine.scanned_engine import ScannedEngine

        once = replace(config, selection=replace(config.selection, rescore="off"))
        return ScannedEngine.open(once) or EngineClient(once, log_path())

    workspace = Workspace(project, open_session(project), session_name=request.session)
    return HeadlessLabelling(workspace, engine, listener=listener)
