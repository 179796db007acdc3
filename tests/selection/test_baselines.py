"""What random and entropy would have shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from neufs_tui.selection.baselines import alternatives
from neufs_tui.selection.difficulty import MIN_GROUP
from tests.selection.test_difficulty import capture

POOL = {f"{place:02}": capture(scores=(0.0, -0.1 * place - 0.1)) for place in range(20)}


def test_entropy_takes_the_example_the_model_is_least_certain_of() -> None:
    _, entropy = alternatives(POOL, {}, {"00"}, seed=0)
    assert entropy.example_id == "01"
    share = 1 / (1 + np.exp(-0.2))
    expected = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert abs(entropy.entropy - expected) < 1e-6


def test_what_was_reread_is_preferred_once_there_is_enough_of_it() -> None:
    unsure = replace(POOL["15"], scores=np.array([0, 0], dtype=np.float32))
    few = {"15": unsure}
    assert alternatives(POOL, few, set(), seed=0)[1].example_id == "00"
    many = {name: POOL[name] for name in sorted(POOL)[1 : MIN_GROUP + 1]} | few
    assert alternatives(POOL, many, set(), seed=0)[1].example_id == "15"


def test_random_is_a_fixed_shuffle_of_what_is_left() -> None:
    order: list[str] = []
    while found := alternatives(POOL, {}, set(order), seed=3):
        order.append(found[0].example_id)
    assert sorted(order) == sorted(POOL)
    first = Counter(alternatives(POOL, {}, set(), seed=seed)[0].example_id for seed in range(400))
    assert len(first) == len(POOL)
    assert max(first.values()) < 45
