"""What random and entropy choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from neufs_tui.core.explanation import Alternative
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind
from neufs_tui.core.settings import DEFAULT_SIGNAL, SelectionSettings
from neufs_tui.selection.baselines import Entropy, Random, alternatives
from neufs_tui.selection.difficulty import MIN_GROUP
from neufs_tui.selection.scanned_pool import Readings, ScannedPool
from neufs_tui.selection.strategy import SelectionState
from tests.selection.test_difficulty import capture

POOL = {f"{place:02}": capture(scores=(0.0, -0.1 * place - 0.1)) for place in range(20)}
MANY = {name: POOL[name] for name in sorted(POOL)[1 : MIN_GROUP + 1]}


def state(
    reread: Mapping[str, Capture] | None = None, decided: Collection[str] = (), *, seed: int = 0
) -> SelectionState:
    readings = Readings(ScannedPool(POOL), reread or {}, 3 if reread else 0)
    decisions = [Decision(one, DecisionKind.SKIP) for one in decided]
    return SelectionState.at(readings, decisions, SelectionSettings(seed=seed), DEFAULT_SIGNAL)


def others(*given: object, seed: int = 0) -> tuple[Alternative, ...]:
    return alternatives(state(*given, seed=seed))  # type: ignore[arg-type]


def test_entropy_takes_the_example_the_model_is_least_certain_of() -> None:
    _, entropy = others({}, {"00"})
    assert entropy.example_id == "01"
    share = 1 / (1 + np.exp(-0.2))
    expected = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert abs(entropy.entropy - expected) < 1e-6


def test_what_was_reread_is_preferred_once_there_is_enough_of_it() -> None:
    unsure = replace(POOL["15"], scores=np.array([0, 0], dtype=np.float32))
    few = {"15": unsure}
    assert others(few)[1].example_id == "00"
    assert others(MANY | few)[1].example_id == "15"


def test_entropy_says_with_what_it_compared_each() -> None:
    choices = Entropy().query(state(MANY, {"00"}), 30)
    reread, scanned = choices[:MIN_GROUP], choices[MIN_GROUP:]
    assert [POOL_IDS[choice.place] for choice in reread] == sorted(MANY)
    assert len(scanned) == 20 - 1 - MIN_GROUP
    for group, n_demonstrations in ((reread, 3), (scanned, 0)):
        assert [choice.n_easier for choice in group] == list(range(len(group)))[::-1]
        assert {choice.n_among for choice in group} == {len(group)}
        assert {choice.n_demonstrations for choice in group} == {n_demonstrations}
        assert {choice.signal for choice in group} == {"entropy"}


def test_random_is_a_fixed_shuffle_of_what_is_left() -> None:
    order: list[str] = []
    while found := others({}, set(order), seed=3):
        order.append(found[0].example_id)
    assert sorted(order) == sorted(POOL)
    shuffled = Random().query(state(seed=3), 20)
    assert order == [POOL_IDS[choice.place] for choice in shuffled]
    first = Counter(others(seed=seed)[0].example_id for seed in range(400))
    assert len(first) == len(POOL)
    assert max(first.values()) < 45


def test_the_shuffle_is_the_same_however_far_the_scan_is() -> None:
    half = dict(list(POOL.items())[:10])
    settings = SelectionSettings(seed=5)
    early = SelectionState.at(Readings(ScannedPool(half)), (), settings, DEFAULT_SIGNAL)
    order = [early.ids[choice.place] for choice in Random().query(early, 10)]
    whole = [POOL_IDS[choice.place] for choice in Random().query(state(seed=5), 20)]
    assert order == [one for one in whole if one in half]


POOL_IDS = sorted(POOL)
