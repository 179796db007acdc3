"""What is told of the estimates."""

from __future__ import annotations

import numpy as np

from neufs_tui.core.estimated import Estimated
from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.engine.estimating import Estimates
from neufs_tui.engine.learning import estimated
from neufs_tui.engine.protocol import Focus
from neufs_tui.selection.scanned_pool import ScannedPool
from tests.captures import random_capture


def test_check_examples_are_told_with_their_likeliest_label_as_far_as_they_are_scanned() -> None:
    pool = ScannedPool({one: random_capture(place) for place, one in enumerate("dbca")})
    shares = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])  # a, b, c, d
    estimates = Estimates(shares, np.array([1, 0]), n_foretold=0, n_learned=1)
    decisions = (
        Decision("a", DecisionKind.LABEL, Answer("yes")),
        *(Decision(one, DecisionKind.SKIP, check=True) for one in ("c", "d", "unscanned")),
        Decision("b", DecisionKind.SKIP),
    )
    told = estimated(estimates, pool, Focus(5, decisions, None), ("yes", "no"))
    assert told == Estimated(5, 0, 1, {"c": "no", "d": "yes"})
