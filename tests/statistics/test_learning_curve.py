"""The learning curve counts what was known before each label."""

from __future__ import annotations

from dataclasses import replace

from neufs_tui.statistics.intervals import share_interval
from neufs_tui.statistics.learning_curve import learning_curve
from tests.statistics.test_track_record import labelled


def test_each_point_counts_what_came_before_it() -> None:
    given = [
        labelled(1, right=True),
        replace(labelled(2, right=True), pick=None),  # shown without the model
        labelled(3, right=False),
        replace(labelled(4, right=True), looked=True),
        labelled(5, right=True),
    ]
    gains = {given[0].example.id: 500, given[2].example.id: 12}
    points = learning_curve(given, gains)
    assert [(p.n_labels, p.agreement.agreeing, p.agreement.compared) for p in points] == [
        (1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 1, 2), (5, 2, 3),
    ]  # fmt: skip
    assert [p.gain for p in points] == [500, None, 12, None, None]
    now = points[-1].agreement
    assert (now.share, now.interval, now.looked) == (2 / 3, share_interval(2, 3), 1)


def test_nothing_compared_has_no_share() -> None:
    (point,) = learning_curve([replace(labelled(1, right=True), pick=None)], {})
    assert point.agreement.share is None
    assert point.agreement.interval == (0.0, 1.0)
    assert learning_curve([], {}) == ()
