"""Labels in the pool's own rows that are taken as a session begins."""

from __future__ import annotations

from neufs_tui.project.project import Project
from neufs_tui.storage.given_labels import Matched, match
from neufs_tui.storage.session import Session


def match_given(project: Project, session: Session) -> Matched | None:
    """What becomes of labels in the pool's own rows; None where none are to be taken.

    What was given by them once and undone stays undone.

    Raises:
        UsageError: the task has not all of those that would be taken.
    """
    if (given := project.given) is None:
        return None
    found = match(
        given,
        project.pool.examples,
        session.decisions(),
        project.require_task().label_names,
        left_out=session.ever_given(given.name),
    )
    found.refuse_unknown(f", or take all with --labels-from {given.name}")
    return found
