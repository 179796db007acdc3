"""What the labels of a loop have brought so far."""

from __future__ import annotations

from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.statistics import standing as standings
from neufs_tui.statistics.learning_curve import Progress, learning_progress
from neufs_tui.statistics.standing import Standing


def progress(loop: LabellingLoop) -> Progress:
    """The learning curve, from the labels that hold and what the engine has said of them."""
    workspace, engine = loop.workspace, loop.engine
    return learning_progress(
        workspace.session.decided(),
        difficulty=workspace.selection.difficulty,
        gains=engine.ranked.gains if engine.ranked is not None else {},
        rereads=workspace.selection.rescore != "off",
        changes=engine.rescored.changes if engine.rescored is not None else (),
        label_names=workspace.task.label_names,
        answers=engine.answers,
    )


def standing(loop: LabellingLoop) -> Standing:
    """Where the few-shot set stands, likewise."""
    workspace = loop.workspace
    labelled, names = workspace.session.decided(), workspace.task.label_names
    return standings.standing(labelled, names, loop.engine.answers)
