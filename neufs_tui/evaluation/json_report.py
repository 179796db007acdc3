"""A report as values for programs: every figure that the tables have, and those they leave out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from neufs_tui.evaluation.report import Report, Result
from neufs_tui.statistics.classification import Figures


def as_json(report: Report) -> dict[str, Any]:
    """All of it, with names as they are."""
    return {
        "name": report.name,
        "model": asdict(report.model),
        "calibrated": report.calibration.basis if report.calibration else None,
        "prior": report.calibration.prior.tolist() if report.calibration else None,
        "offsets": [[draw.tolist() for draw in each] for each in report.offsets],
        "tests": [
            {
                "name": test.test.name,
                "texts": len(test.test.texts),
                "sets": [_result(one) for one in test.results],
                "learned": [
                    {"classifier": one.name} | _figures(one.figures) for one in test.learned
                ],
                "differences": [
                    {
                        "set": one.this,
                        "against": one.that,
                        "calibrated": one.is_calibrated,
                        "accuracy": asdict(one.accuracy),
                        "macro_f1": asdict(one.macro_f1),
                    }
                    for one in test.comparisons
                ],
            }
            for test in report.tests
        ],
    }


def _result(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {
        "set": result.few_shot_set.name,
        "demonstrations": result.few_shot_set.sizes,
        "fitting": result.n_fitting,
    }
    for name, figures in (("raw", result.raw), ("calibrated", result.calibrated)):
        if figures is not None:
            told[name] = _figures(figures)
    return told


def _figures(figures: Figures) -> dict[str, Any]:
    return asdict(figures) | {"confusion": figures.confusion.tolist()}
