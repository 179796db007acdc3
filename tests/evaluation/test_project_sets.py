"""What an evaluation takes from a session: the prior says nothing of what was hunted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neufs_tui.core.records import Task
from neufs_tui.evaluation.project_sets import calibration_for
from neufs_tui.evaluation.report import Calibration
from neufs_tui.project.project import read_project
from neufs_tui.project.request import ProjectRequest
from tests.export.values import labelled
from tests.pools import write_rows


def test_labels_hunted_for_or_given_elsewhere_are_no_part_of_the_prior(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "pool.jsonl", ({"text": f"text {n}"} for n in range(80)))
    project = read_project(ProjectRequest(str(source), labels=("A", "B")))
    assert isinstance(project.task, Task)
    given = [labelled(f"text {n}", "A" if n < 8 else "B", seq=n) for n in range(20)]
    hunted = [replace(one, hunted=one.answer.text == "B") for one in given]
    found = calibration_for(project, hunted, set())
    assert isinstance(found, Calibration)
    assert [*found.prior] == [0.9, 0.1]
    assert "8 labels given" in found.basis
    elsewhere = [replace(one, given="x" if one.hunted else "", hunted=False) for one in hunted]
    without = calibration_for(project, elsewhere, set())
    assert isinstance(without, Calibration)
    assert ([*without.prior], without.basis) == ([*found.prior], found.basis)
    few = calibration_for(project, [replace(one, hunted=True) for one in given], set())
    assert isinstance(few, str) and "fewer than 8 labels" in few
