"""What the labels of a loop have brought so far."""

from __future__ import annotations

from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.labelling.loop import LabellingLoop
from neufs_tui.statistics import standing as standings
from neufs_tui.statistics.check_set import CheckFigures, Right, check_figures
from neufs_tui.statistics.learning_curve import Foretold, Progress, learning_progress
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
        checks=checks(loop),
        n_checked=n_checked(loop),
        calibrated=engine.calibrated.by if engine.calibrated is not None else None,
        test=workspace.test.name if workspace.test is not None else "",
        foretold=_foretold(loop),
        repeats=loop.position.repeats,
    )


def _foretold(loop: LabellingLoop) -> Foretold | None:
    """By the newest that was learned from labels which all hold."""
    estimated, given = loop.engine.estimated, loop.position.checked
    if estimated is None:
        return None
    told = {one: label for one, label in estimated.checks.items() if one in given}
    return Foretold(
        labels=Right(estimated.n_foretold, estimated.n_learned),
        checks=Right(sum(given[one] == label for one, label in told.items()), len(told)),
    )


def checks(loop: LabellingLoop) -> tuple[CheckFigures, ...]:
    """What the check set says, with the labels there were each time it was read."""
    return tuple(_figures(one, loop) for one in _read(loop))


def n_checked(loop: LabellingLoop) -> int:
    """Check examples that are labelled, or texts of the test."""
    test = loop.workspace.test
    return len(test.texts) if test is not None else loop.counts.checked


def newest_check(loop: LabellingLoop) -> CheckFigures | None:
    """What it says by the newest reading; None before the first."""
    read = _read(loop)
    return _figures(read[-1], loop) if read else None


def _read(loop: LabellingLoop) -> tuple[ChecksRead, ...]:
    return loop.engine.checks.holding(loop.position, loop.workspace)


def _figures(read: ChecksRead, loop: LabellingLoop) -> CheckFigures:
    return check_figures(
        read.readings,
        read.names,
        loop.position.checked,
        n_labels=read.n_labels,
        n_demonstrations=read.n_demonstrations,
        n_half=read.n_half,
        offsets=read.offsets,
    )


def standing(loop: LabellingLoop) -> Standing:
    """Where the few-shot set stands, likewise."""
    workspace = loop.workspace
    labelled, names = workspace.session.decided(), workspace.task.label_names
    return standings.standing(labelled, names, loop.engine.answers)
