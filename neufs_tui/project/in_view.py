"""The example that a command is about which names none."""

from __future__ import annotations

from neufs_tui.core.records import Example
from neufs_tui.errors import NothingLeft
from neufs_tui.project.project import Project
from neufs_tui.storage.session import Session


def in_view(project: Project) -> tuple[Example, bool]:
    """What is on the screen, else the first of the pool that is not decided.

    Returns:
        The example, and whether it is on the screen.

    Raises:
        NothingLeft: every example is decided.
        SessionError: the session's file is none.
    """
    examples = project.pool.examples
    decided = set()
    if project.session_path.exists():
        with Session.open(project.session_path, write=False) as session:
            shown, decided = session.shown(), {one.example_id for one in session.decisions()}
        for example in examples:
            if shown is not None and example.id == shown[0]:
                return example, True
    for example in examples:
        if example.id not in decided:
            return example, False
    raise NothingLeft("every example of the pool is decided", hint="name one by its id or number")
