"""The status lines and the loading lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.app.pages.startup import Loading
from neufs_tui.core.counts import Counts
from neufs_tui.core.draws import drawn
from neufs_tui.core.records import Pick
from neufs_tui.engine.protocol import Downloaded, EngineDied, Rescored, ScanProgressed, Stage
from neufs_tui.wording.lines import spread
from neufs_tui.wording.status import (
    asking,
    count_parts,
    duration,
    freshness,
    rate,
    scan_parts,
    work_parts,
)
from tests.fakes import READY, example, pick, reason

ONE = example(0)
RESCANNED = "chosen without 26 labels"


def test_the_counts_add_up() -> None:
    counts = Counts(pool=200, labelled=12, skipped=3, labels_elsewhere=1)
    assert counts.left == 185
    assert count_parts(counts, 16) == (
        *("13 of 16 labels", "185 left", "3 skipped"),
        "1 label on removed rows",
    )
    assert count_parts(replace(counts, given=4), 16)[3] == "4 given elsewhere"
    assert count_parts(replace(counts, labelled=18, skipped=0), 16)[:2] == (
        *("19 labels, 16 wanted", "182 left"),
    )


@pytest.mark.parametrize(
    ("shown", "n_labels", "expected"),
    [
        (None, 3, "not chosen"),
        (pick(ONE), 0, "not chosen"),
        (drawn(ONE.id, 0), 3, "drawn at random"),
        (pick(ONE, n_labelled=9, why=reason()), 10, "chosen 1 label ago"),
        (pick(ONE, n_labelled=4, why=reason()), 31, "chosen 27 labels ago"),
        (replace(pick(ONE, n_labelled=5, why=reason()), n_unscanned=26), 31, RESCANNED),
        (replace(pick(ONE, n_labelled=4, why=reason()), n_unscanned=26), 31, "chosen 1 label ago"),
        (pick(ONE, n_labelled=10, why=reason()), 10, "chosen with 10 labels"),
        (pick(ONE, n_labelled=11, why=reason()), 10, "chosen before the undo"),
        (
            replace(pick(ONE, n_labelled=1, why=reason()), n_unscanned=9),
            9,
            "chosen before the undo",
        ),
    ],
)
def test_the_ranking_says_how_fresh_it_is(shown: Pick | None, n_labels: int, expected: str) -> None:
    assert freshness(shown, n_labels) == expected


def test_the_line_fits_80_columns_with_a_pool_of_100_000() -> None:
    second = scan_parts(ScanProgressed(99_999, 100_000, rate=12.3, remaining_s=8_100.0))
    fresh = freshness(pick(ONE, n_labelled=998, why=reason()), 999)
    line = spread(second, fresh, 76)
    assert line.startswith("the model has read 99,999 of 100,000 ")
    assert line.endswith("chosen 1 label ago")


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (ScanProgressed(0, 200, 0.0, None), ("the model has read 0 of 200",)),
        (
            ScanProgressed(64, 200, 12.4, 11.0),
            ("the model has read 64 of 200", "11 s to go", "12/s"),
        ),
        (
            ScanProgressed(200, 200, 9.0, 0.0, 3),
            ("the model has read all 200", "3 texts cut to fit"),
        ),
    ],
)
def test_the_scan_says_what_is_known(scan: ScanProgressed, expected: tuple[str, ...]) -> None:
    assert scan_parts(scan) == expected


def test_rates_and_durations_have_a_fitting_unit() -> None:
    assert [rate(r) for r in (0.25, 2.5, 25.4)] == ["15.0/min", "2.5/s", "25/s"]
    assert [duration(s) for s in (0.2, 59, 60, 3_600, 8_100)] == [
        *("1 s", "59 s", "1 min", "1 h 0 min", "2 h 15 min")
    ]


def test_the_part_of_the_start_under_way_is_told() -> None:
    loading = Loading()
    for event in (Stage("download", "fetching"), Downloaded(120_000_000, 538_000_000), READY):
        loading = loading.after(event)
    assert str(loading) == "fetching — 22% of 538 MB"
    assert str(loading.after(Stage("weights", "reading weights"))) == "reading weights"
    died = EngineDied("the engine was killed by SIGKILL", restarting=True)
    assert str(loading.after(died)) == "starting the engine again"


def test_beside_the_scan_the_freshness_of_the_answers_fits_80_columns() -> None:
    scan = ScanProgressed(done=1_817, total=10_000, rate=18.0, remaining_s=460.0)
    rescored = Rescored(n_demonstrations=12, n_labels=12, done=32, total=1_816)
    fresh = freshness(pick(ONE, n_labelled=12, why=reason()), 12)
    assert spread(work_parts(scan, rescored, 12), fresh, 76).split("  ")[0] == (
        "the model has read 1,817 of 10,000 · 8 min to go"
    )
    assert work_parts(scan, rescored, 12)[2] == "32 again with 12 labels"


def test_once_the_scan_is_over_the_freshness_of_the_answers_takes_its_place() -> None:
    under_way = ScanProgressed(done=5, total=1_200, rate=2.0, remaining_s=9.0)
    over = ScanProgressed(done=1_200, total=1_200, rate=2.0, remaining_s=0.0, truncated=1)
    rescored = Rescored(n_demonstrations=5, n_labels=5, done=212, total=1_188)
    assert work_parts(under_way, rescored, 6) == (
        *("the model has read 5 of 1,200", "9 s to go", "212 again with 5 of 6 labels", "2.0/s"),
    )
    assert work_parts(under_way, None, 6) == scan_parts(under_way)
    assert work_parts(over, None, 6) == scan_parts(over)
    assert work_parts(over, rescored, 0) == scan_parts(over)
    assert work_parts(over, rescored, 6) == (
        "read again with 5 of 6 labels: 212 of 1,188",
        "1 text cut to fit",
    )


@pytest.mark.parametrize(
    ("done", "is_unread", "expected"),
    [
        (None, False, "Asking …"),
        (96, False, "Asking … it is reading the pool first (96 of 1,200)"),
        (1200, False, "Asking …"),
        (96, True, "The model has not read this example yet; it has read 96 of 1,200."),
        (None, True, "The model has not read this example yet."),
    ],
)
def test_who_waits_for_the_model_is_told_how_far_it_is(
    done: int | None, is_unread: bool, expected: str
) -> None:
    scan = ScanProgressed(done, 1200, 9.0, 7.0) if done is not None else None
    assert asking(scan, is_unread=is_unread, what="Asking …") == expected
