"""What the loop keeps of what the engine says."""

from __future__ import annotations

from neufs_tui.engine.protocol import Rescored
from neufs_tui.labelling.check_readings import CheckReadings
from neufs_tui.labelling.engine_view import EngineView
from tests.fakes import StoredWorkspace, pool


def test_answers_are_kept_while_too_few_are_read_with_a_new_label() -> None:
    view = EngineView(CheckReadings(StoredWorkspace(pool(1))))
    view.take(Rescored(3, 3, 60, 90, answers={"A": 60}, revision=3))
    view.take(Rescored(4, 4, 0, 89, revision=4))
    view.take(Rescored(4, 4, 20, 89, answers={"B": 20}, revision=4))
    assert view.answers == {"A": 60}
    view.take(Rescored(4, 4, 50, 89, answers={"B": 50}, revision=4))
    assert view.answers == {"B": 50}


def test_answers_read_with_a_label_that_was_undone_do_not_hold() -> None:
    view = EngineView(CheckReadings(StoredWorkspace(pool(1))))
    view.take(Rescored(4, 4, 60, 90, answers={"A": 60}, revision=4))
    view.turn_back(5)
    view.take(Rescored(4, 4, 80, 90, answers={"A": 80}, revision=4))
    assert not view.answers
