"""What the loop keeps of what the engine says."""

from __future__ import annotations

from neufs_tui.core.calibration import Calibration, Uncalibrated
from neufs_tui.core.estimated import Estimated
from neufs_tui.engine.protocol import Calibrated, Rescored
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


def test_what_calibrates_answers_is_stored_and_an_undone_label_takes_it_back() -> None:
    kept: list[Calibration | None] = []
    view = EngineView(CheckReadings(StoredWorkspace(pool(1))), kept.append)
    found = Calibration((("x", "A"),), {"A": 0.5}, {"A": 0.1}, {"A": 1.0}, n_labels=8, n_sample=64)
    view.take(Calibrated(8, found))
    assert view.calibrated == Calibrated(8, found)
    view.turn_back(9)
    assert view.calibrated is None
    view.take(Calibrated(8, found))
    assert view.calibrated is None
    view.take(Calibrated(9, Uncalibrated.FEW_LABELS))
    assert view.calibrated == Calibrated(9, Uncalibrated.FEW_LABELS)
    assert kept == [found, None]


def test_an_undone_label_takes_back_how_labels_foretell_one_another() -> None:
    view = EngineView(CheckReadings(StoredWorkspace(pool(1))))
    told = Estimated(8, 5, 8, {})
    view.take(told)
    assert view.estimated == told
    view.turn_back(9)
    view.take(told)
    assert view.estimated is None
