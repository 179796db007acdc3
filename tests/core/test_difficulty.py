"""Numbers read with different prompts are never compared with each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.difficulty import MIN_GROUP, reread_difficulty, scan_difficulty
from neufs_tui.core.neurons import standardised_counts


@given(st.integers(0, 10**6), st.integers(1, 60), st.data())
def test_each_group_is_standardised_by_itself(seed: int, n: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    counts, lengths = rng.integers(10, 90, n), rng.integers(1, 4, n)
    scan = scan_difficulty(counts, lengths, raw=False)
    np.testing.assert_array_equal(scan.values, standardised_counts(counts, lengths))
    m = data.draw(st.integers(0, n))
    places = np.sort(rng.permutation(n)[:m])
    new_counts, new_lengths = rng.integers(500, 900, m), rng.integers(1, 4, m)
    mixed = reread_difficulty(scan, places, new_counts, new_lengths)
    for length in range(1, 4):
        group = places[new_lengths == length]
        if len(group) < MIN_GROUP:
            np.testing.assert_array_equal(mixed.values[group], scan.values[group])
            assert not mixed.reread[group].any()
        else:
            assert abs(mixed.values[group].mean()) < 1e-9
            assert mixed.reread[group].all()
    others = np.setdiff1d(np.arange(n), places)
    np.testing.assert_array_equal(mixed.values[others], scan.values[others])


def test_a_percentile_is_taken_among_what_was_read_alike() -> None:
    counts, lengths = np.arange(20), np.ones(20, dtype=np.int64)
    scan = scan_difficulty(counts, lengths, raw=False)
    assert scan.percentile(19) == 100.0
    places = np.arange(10, 20)
    mixed = reread_difficulty(scan, places, 1000 - np.arange(10), lengths[:10])
    assert mixed.percentile(19) == 0.0
    assert mixed.percentile(10) == 100.0
    assert mixed.percentile(9) == 100.0
