"""The status lines and the loading lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neufs_tui.app.pages.startup import Loading
from neufs_tui.core.counts import Counts
from neufs_tui.core.draws import drawn
from neufs_tui.core.records import Pick
from neufs_tui.engine.protocol import Downloaded, EngineDied, Rescored, ScanProgressed, Stage
from neufs_tui.labelling.engine_view import EngineState
from neufs_tui.wording.lines import spread
from neufs_tui.wording.status import (
    asking,
    count_parts,
    duration,
    engine_note,
    freshness,
    rate,
    scan_parts,
    work_parts,
)
from tests.fakes import READY, example, pick, reason

ONE = example(0)
RESCANNED = "ranked without 26 labels"


def test_the_counts_add_up() -> None:
    counts = Counts(pool=200, labelled=12, skipped=3, labels_elsewhere=1)
    assert counts.left == 185
    assert count_parts(counts, 16) == (
        *("labelled 12", "shots 13/16", "skipped 3", "left 185"),
        "1 label on removed rows",
    )


def test_one_line_says_how_many_of_many_classes_are_seen() -> None:
    given = {f"class {n}": 6 * (n < 3) for n in range(77)}
    counts = Counts(pool=1_200, labelled=18, skipped=4, by_label=given, n_classes=77)
    line = " · ".join(count_parts(counts, 16))
    assert line == ("labelled 18 · shots 16 +2 · 3 of 77 classes seen · skipped 4 · left 1,178")
    assert spread(count_parts(counts, 16), "", 76).rstrip() == line
    assert "3 of 77 classes seen" in spread(count_parts(counts, 16), "", 56)


@pytest.mark.parametrize(
    ("shown", "n_labels", "expected"),
    [
        (None, 3, "not ranked"),
        (pick(ONE), 0, "not ranked"),
        (drawn(ONE.id, 0), 3, "random draw"),
        (pick(ONE, n_labelled=9, why=reason()), 10, "ranked 1 label ago"),
        (pick(ONE, n_labelled=4, why=reason()), 31, "ranked 27 labels ago"),
        (replace(pick(ONE, n_labelled=5, why=reason()), n_unscanned=26), 31, RESCANNED),
        (replace(pick(ONE, n_labelled=4, why=reason()), n_unscanned=26), 31, "ranked 1 label ago"),
        (pick(ONE, n_labelled=10, why=reason()), 10, "ranking up to date"),
        (pick(ONE, n_labelled=11, why=reason()), 10, "ranked before the undo"),
        (
            replace(pick(ONE, n_labelled=1, why=reason()), n_unscanned=9),
            9,
            "ranked before the undo",
        ),
    ],
)
def test_the_ranking_says_how_fresh_it_is(shown: Pick | None, n_labels: int, expected: str) -> None:
    assert freshness(shown, n_labels) == expected


def test_both_lines_fit_80_columns_with_a_pool_of_100_000() -> None:
    first = count_parts(Counts(pool=100_000, labelled=999, skipped=999), 16)
    second = scan_parts(ScanProgressed(99_999, 100_000, rate=12.3, remaining_s=8_100.0))
    engine = engine_note(EngineState.RESTARTING)
    fresh = freshness(pick(ONE, n_labelled=998, why=reason()), 999)
    assert spread(first, engine, 76).startswith(" · ".join(first))
    line = spread(second, fresh, 76)
    assert line.startswith("scanned 99,999/100,000 · 2 h 15 min left ")
    assert line.endswith("ranked 1 label ago")


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (ScanProgressed(0, 200, 0.0, None), ("scanned 0/200",)),
        (ScanProgressed(64, 200, 12.4, 11.0), ("scanned 64/200", "11 s left", "12/s")),
        (ScanProgressed(200, 200, 9.0, 0.0, 3), ("scanned all 200", "3 texts cut to fit")),
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
    fresh = freshness(pick(ONE, n_labelled=12, why=reason()), 12, brief=True)
    assert spread(work_parts(scan, rescored, 12), fresh, 76).split("  ")[0] == (
        "scanned 1,817/10,000 · 8 min left · 32 read with 12 of 12 labels"
    )
    assert fresh == "up to date"


def test_once_the_scan_is_over_the_freshness_of_the_answers_takes_its_place() -> None:
    under_way = ScanProgressed(done=5, total=1_200, rate=2.0, remaining_s=9.0)
    over = ScanProgressed(done=1_200, total=1_200, rate=2.0, remaining_s=0.0, truncated=1)
    rescored = Rescored(n_demonstrations=5, n_labels=5, done=212, total=1_188)
    assert work_parts(under_way, rescored, 6) == (
        *("scanned 5/1,200", "9 s left", "212 read with 5 of 6 labels", "2.0/s"),
    )
    assert work_parts(under_way, None, 6) == scan_parts(under_way)
    assert work_parts(over, None, 6) == scan_parts(over)
    assert work_parts(over, rescored, 0) == scan_parts(over)
    assert work_parts(over, rescored, 6) == (
        "answers read with 5 of 6 labels for 212 of 1,188",
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
