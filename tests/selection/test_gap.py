"""Gaps, overlaps and bars, against plain Python sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.model_shape import dense_shape
from neufs_tui.selection.gap import bars, find_gap, nearest_labelled, sharing, strongest_in
from neufs_tui.selection.scanned_pool import ScannedPool
from tests.captures import capture

SHAPE = dense_shape(3, 20)
SETS = st.lists(st.sets(st.integers(0, 59), max_size=25), min_size=2, max_size=8)


def captured(sets: list[set[int]]) -> ScannedPool:
    return ScannedPool({str(place): capture(sorted(one)) for place, one in enumerate(sets)})


@given(SETS, st.data())
def test_the_gap_is_what_no_label_covers(sets: list[set[int]], data: st.DataObject) -> None:
    decided = data.draw(st.lists(st.integers(1, len(sets) - 1), unique=True))
    labelled = decided[: data.draw(st.integers(0, len(decided)))]
    gap, neurons = find_gap(
        captured(sets),
        0,
        labelled,
        decided=decided,
        shape=SHAPE,
    )
    covered = set().union(*(sets[place] for place in labelled))
    assert set(neurons.tolist()) == sets[0] - covered
    assert sum(gap.by_layer) == gap.size
    assert len(gap.by_layer) == 3
    others = [len(one - covered) for place, one in enumerate(sets) if place not in decided]
    assert gap.median == pytest.approx(float(np.median(others)))
    assert gap.rank == 1 + sum(other > gap.size for other in others)
    assert gap.n_ranked == len(others)
    assert gap.n_scanned == len(sets)


@given(SETS)
def test_the_nearest_label_shares_most(sets: list[set[int]]) -> None:
    found = nearest_labelled(captured(sets), 0, range(1, len(sets)))
    assert found is not None
    other = sets[int(found.example_id)]
    assert found.shared == len(sets[0] & other)
    assert found.only_here == len(sets[0] - other)
    assert found.only_there == len(other - sets[0])

    def distance(one: set[int]) -> float:
        return 1 - len(one & sets[0]) / len(one | sets[0]) if one | sets[0] else 0.0

    assert found.distance == pytest.approx(min(map(distance, sets[1:])))
    assert nearest_labelled(captured(sets), 0, []) is None


@given(st.integers(0, 10**6), st.sets(st.integers(0, 59)), st.data(), st.integers(0, 9))
def test_bars_add_up_and_count_every_neuron_once(
    seed: int, own: set[int], data: st.DataObject, n_shown: int
) -> None:
    gap = data.draw(st.sets(st.sampled_from(sorted(own)))) if own else set()
    passed = data.draw(st.sets(st.integers(0, 59))) | own
    values = np.random.default_rng(seed).normal(size=len(passed)).astype(np.float32)
    parts = bars(
        np.array(sorted(passed), dtype=np.uint32),
        values,
        np.array(sorted(own), dtype=np.uint32),
        np.array(sorted(gap), dtype=np.uint32),
        shape=SHAPE,
        n_shown=n_shown,
    )
    assert sum(bar.contribution for bar in parts) == pytest.approx(values.sum(), abs=1e-4)
    assert sum(bar.n_neurons for bar in parts) == len(passed)
    single = [bar.contribution for bar in parts[:-3]]
    assert len(single) == min(n_shown, len(gap))
    assert single == sorted(single, reverse=True)


@given(SETS, st.integers(1, 30))
def test_those_come_first_that_share_most_of_a_gap(sets: list[set[int]], n: int) -> None:
    sets[0] |= {n}
    pool = captured(sets)
    gap = np.array(sorted(sets[0]), dtype=np.uint32)
    rarity = 1 / (1 + gap.astype(np.float64))
    counts = dict(zip(gap.tolist(), rarity.tolist(), strict=True))
    found = sharing(pool.sets, 0, gap, rarity)
    shares = [sum(counts[one] for one in sorted(other & sets[0])) for other in sets]
    enough = [
        place for place in range(1, len(sets)) if shares[place] >= 0.2 * rarity.sum() * (1 + 1e-9)
    ]
    assert {*enough} <= {*found} and 0 not in found
    told = [shares[place] for place in found]
    assert told == pytest.approx(sorted(told, reverse=True))
    assert sharing(pool.sets, 0, gap[:0], rarity[:0]) == []


@given(SETS, st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_a_neuron_is_strongest_in_the_others_that_have_it(
    sets: list[set[int]], seed: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    pushes = [{one: float(rng.integers(-50, 50)) for one in sorted(its)} for its in sets]
    pool = ScannedPool(
        {
            str(place): capture(sorted(its), contributions=[*pushes[place].values()])
            for place, its in enumerate(sets)
        }
    )
    neurons = sorted(sets[0])
    found = strongest_in(pool, neurons, leave_out=0, n=n)
    for neuron, places in zip(neurons, found, strict=True):
        having = [place for place in range(1, len(sets)) if neuron in sets[place]]
        assert places == sorted(having, key=lambda one: -pushes[one][neuron])[:n]
