"""The pool's file while it is labelled: whether it has changed, and what taking it in changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neufs_tui.core.records import ExampleId
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.engine.configure import engine_config
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.project import Project, read_project, refuse_another_pool
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.file_states import FileState, file_states
from neufs_tui.storage.pool_changes import PoolChanges, pool_changes
from neufs_tui.storage.pool_place import pool_digest, pool_files

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PoolNow:
    """A pool as its file is now; nothing knows of it yet."""

    workspace: Workspace
    """On the session that is open."""
    changes: PoolChanges
    """What the session is to store of it."""
    config: EngineConfig
    """What the engine is to do from now on."""
    n_new: int
    """Texts that were not in the pool before."""
    n_gone: int
    """Texts that are not in it any more."""


class PoolFile:
    """Belongs to one thread at a time, which may be another than the session's."""

    def __init__(self, request: ProjectRequest, capture: CaptureSettings, project: Project) -> None:
        """Bind the pool as it was read.

        Args:
            request: the pool, and what was said about it.
            capture: what is recorded of the model.
            project: what was read.
        """
        self._request = request
        self._capture = capture
        self._project = project
        self._is_changed = False
        self._seen: Mapping[Path, FileState] | None = None
        """The state of its files when their bytes were looked at last."""

    def has_changed(self) -> bool:
        """Whether the file holds something else than what was read; no longer being there is not.

        Its bytes are looked at only when the file system says that it is another.
        """
        if self._is_changed:
            return self._is_changed
        source = self._request.source
        try:
            state = file_states(pool_files(source))
            if state != self._seen:
                digest = pool_digest(source)
                self._seen, self._is_changed = state, digest != self._project.pool.sha256
        except OSError as error:
            logger.info("%s cannot be looked at: %s", source, error)
        return self._is_changed

    def read(
        self,
        now: Workspace,
        shown: ExampleId | None,
        check: Callable[[], None] = lambda: None,
    ) -> PoolNow:
        """Read the file as it is now, by the rules of the first time; the task stays as it is.

        Args:
            now: the pool that is labelled; it is left as it is.
            shown: the example before the annotator.
            check: called now and then; what it raises ends the reading.

        Raises:
            NeufsError: it cannot be read, holds lines that cannot be used, or is another pool.
        """
        before = self._project
        read = read_project(self._request, check=check)
        names = {*before.require_task().label_names}
        new = [repr(one) for one in read.require_task().label_names if one not in names]
        project = replace(
            before,
            pool=read.pool,
            test=read.test,
            label_notices=(f"labels here from the next start on: {', '.join(new)}",) if new else (),
        )
        refuse_another_pool(project, now.session)
        workspace = Workspace(project, now.session, session_name=now.session_name)
        changes = pool_changes(now.session.path, project.pool, check)
        first = workspace.needed_first(shown)
        self._project, self._is_changed, self._seen = project, False, None
        return PoolNow(
            workspace=workspace,
            changes=changes,
            config=engine_config(project, self._capture, first=first),
            n_new=len(workspace.examples.keys() - now.examples.keys()),
            n_gone=len(now.examples.keys() - workspace.examples.keys()),
        )
