"""From what was said on the command line to a labelling loop and its engine.

Storage and its libraries are imported here, once the screen has been painted.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event as Flag
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from neufs_tui.errors import NeufsError
from neufs_tui.labelling.engine_process import EngineProcess
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.workspace import Workspace

if TYPE_CHECKING:
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.protocol import Event
    from neufs_tui.labelling.headless import HeadlessLabelling
    from neufs_tui.labelling.pool_file import PoolFile
    from neufs_tui.project.first_text import FirstText
    from neufs_tui.project.request import ProjectRequest


class Abandoned(Exception):
    """Nobody wants the pool any more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What labelling needs."""

    loop: LabellingLoop
    """With its session open, its first example shown."""
    engine: EngineProcess
    """Not started."""
    pool_file: PoolFile | None = None
    """What may be read again; None for a pool that came through standard input."""


class Startup:
    """The way from a request to a labelling loop, on a thread beside the screen's."""

    def __init__(
        self,
        request: ProjectRequest,
        capture: CaptureSettings,
        *,
        check_keys: Callable[[Mapping[str, str]], object],
        stdin: BinaryIO | None = None,
        notices: tuple[str, ...] = (),
        stay_s: float = 0.0,
    ) -> None:
        """Keep what was said; nothing is read yet.

        Args:
            request: the pool, and what was said about it.
            capture: what is recorded of the model.
            check_keys: raises UsageError when the screen's keys cannot be as they are configured.
            stdin: the pool's bytes, when its source is standard input.
            notices: what else is to be known beside what is to be known of the pool.
            stay_s: seconds that the engine waits for another app, should this one be gone without
                a word.
        """
        self._request = request
        self._capture = capture
        self._check_keys = check_keys
        self._stdin = stdin
        self._notices = notices
        self._stay_s = stay_s
        self._is_stopped = Flag()
        self._stopping = Lock()
        self._has_session = False
        """Whether the session is open, or about to be."""
        self._first: FirstText | None = None

    def first_text(self) -> FirstText | None:
        """A text to show while the pool is read; None when there is none so soon.

        Raises:
            UsageError: a setting is wrong.
        """
        from neufs_tui.project.first_text import first_text

        self._first = first_text(self._request, stdin=self._stdin)
        return self._first

    def open(self) -> Opened:
        """Read and check the pool, bring the session up to date, and take it up where it was left.

        Raises:
            NeufsError: there is nothing to label.
            Abandoned: it was stopped, with the session closed and as it was.
        """
        from neufs_tui.engine.client import EngineClient
        from neufs_tui.engine.configure import engine_config
        from neufs_tui.engine.place import Place
        from neufs_tui.labelling.pool_file import PoolFile
        from neufs_tui.project.given import match_given
        from neufs_tui.project.project import open_session, read_project
        from neufs_tui.selection.registry import find_strategy
        from neufs_tui.storage.paths import engines_dir, log_path

        project = read_project(self._request, stdin=self._stdin, check=self._check)
        self._check_keys(project.keys)
        find_strategy(project.selection.strategy_name)
        with self._stopping:
            self._check()
            self._has_session = True
        session = open_session(project, check=self._check)
        try:
            given = match_given(project, session)
            notices = (*(given.notices if given is not None else ()), *self._notices)
            workspace = Workspace(
                project, session, session_name=self._request.session, notices=notices
            )
            loop = LabellingLoop(workspace)
            loop.begin(self._first.example.id if self._first is not None else None)
            if given is not None:
                loop.take_given(given)
            self._check()
        except BaseException:
            session.close()
            raise
        config = engine_config(project, self._capture, first=workspace.needed_first(loop.shown_id))
        # A collection would walk through the pool, which stays, and hold up the keys meanwhile
        gc.freeze()
        place = Place(project.session_path, engines_dir())
        client = EngineClient(config, log_path(), place=place, stay_s=self._stay_s)
        file = PoolFile(self._request, self._capture, project) if project.pool.is_file else None
        return Opened(loop, client, file)

    def stop(self) -> bool:
        """Let the thread that opens end soon.

        Returns:
            Whether it is worth to wait for: it may have a session to close.
        """
        with self._stopping:
            self._is_stopped.set()
            return self._has_session

    def _check(self) -> None:
        if self._is_stopped.is_set():
            raise Abandoned


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
    from neufs_tui.project.first_text import first_text
    from neufs_tui.project.given import match_given
    from neufs_tui.project.project import open_session, read_project
    from neufs_tui.selection.registry import find_strategy
    from neufs_tui.storage.paths import engines_dir, log_path

    first = first_text(request)
    project = read_project(request)
    session = open_session(project)
    try:
        given = match_given(project, session)
    except NeufsError:
        session.close()
        raise
    notices = given.notices if given is not None else ()
    workspace = Workspace(project, session, session_name=request.session, notices=notices)
    first_id = first.example.id if first is not None else None

    def engine() -> EngineProcess:
        find_strategy(project.selection.strategy_name)
        if keeps_engine:
            first_few = workspace.needed_first(first_id)
            config = engine_config(project, capture, first=first_few)
            place = Place(project.session_path, engines_dir())
            return EngineClient(config, log_path(), place=place)
        from neufs_tui.engine.scanned_engine import ScannedEngine

        # Without the check set the scan goes by its own order
        first_few = workspace.needed_first(None) if workspace.n_checks else ()
        config = engine_config(project, capture, first=first_few)
        once = replace(config, selection=replace(config.selection, rescore="off"))
        return ScannedEngine.open(once) or EngineClient(once, log_path())

    labelling = HeadlessLabelling(workspace, engine, first=first_id, listener=listener)
    if given is not None:
        labelling.loop.take_given(given)
    return labelling
