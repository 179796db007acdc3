"""Labels of another file enter the session of a pool."""

from __future__ import annotations

from neufs_tui.core.records import Decision
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.labelling.workspace import Workspace
from neufs_tui.project.project import open_session, read_project
from neufs_tui.project.request import ProjectRequest
from neufs_tui.storage.given_labels import GivenLabels, Matched, match
from neufs_tui.storage.session import Session


def import_given(request: ProjectRequest, given: GivenLabels) -> tuple[Matched, tuple[str, ...]]:
    """Take labels into the session where nothing is decided; without any it is left as it is.

    What was on the screen stays there, unless it has a label now.

    Args:
        request: the pool, and what was said about it.
        given: the labels.

    Returns:
        What became of them, and what is to be known of the pool.

    Raises:
        NeufsError: the pool cannot be read, the task lacks a label that would be taken, or another
            process is labelling.
    """
    project = read_project(request)
    names, examples = project.require_task().label_names, project.pool.examples
    decisions: tuple[Decision, ...] = ()
    if project.session_path.exists():
        with Session.open(project.session_path, write=False) as session:
            decisions = session.decisions()
    found = match(given, examples, decisions, names)
    found.refuse_unknown()
    if found.taken:
        with open_session(project) as session:
            workspace = Workspace(project, session, session_name=request.session)
            LabellingLoop(workspace, waits=True).take_given(found)
    return found, project.notices
