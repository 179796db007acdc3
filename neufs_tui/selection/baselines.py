"""Simple rules, to label by and to judge the one that chose by: what they would show next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from neufs_tui.core.draws import draw_key
from neufs_tui.core.explanation import Alternative
from neufs_tui.core.records import ExampleId
from neufs_tui.selection.jaccard import Indices
from neufs_tui.selection.strategy import Choice, SelectionState, Strategy


class Random:
    """A shuffle fixed by the seed and the texts, the same however far the scan is."""

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """What is left of the shuffle, in its order."""
        ranks = _ranks(state.ids, state.settings.seed)
        undecided = state.undecided
        return [Choice(int(place)) for place in undecided[ranks[undecided].argsort()][:n]]


class Entropy:
    """Least certain first, by the entropy of the label probabilities.

    As soon as enough examples are read with the labels there are, those are compared with one
    another and come first; the others follow, compared as the scan read them.
    """

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """The undecided examples by entropy; ties go to the earlier place."""
        entropy, undecided = state.difficulty.numbers["entropy"], state.undecided
        is_reread = state.difficulty.reread["entropy"][undecided]
        read_with = state.by("entropy").n_demonstrations
        choices: list[Choice] = []
        for places in (undecided[is_reread], undecided[~is_reread]):
            values = entropy[places]
            best = np.argsort(-values, kind="stable")[: n - len(choices)]
            n_less = np.searchsorted(np.sort(values), values[best], "left")
            choices += (
                Choice(
                    place=int(places[at]),
                    score=float(values[at]),
                    n_among=len(places),
                    n_easier=int(less),
                    signal="entropy",
                    n_demonstrations=int(read_with[places[at]]),
                )
                for at, less in zip(best, n_less, strict=True)
            )
        return choices


def alternatives(state: SelectionState) -> tuple[Alternative, ...]:
    """The next example of a fixed shuffle, and the one the model is least certain of."""
    rules: tuple[tuple[Literal["random", "entropy"], Strategy], ...]
    rules = ("random", Random()), ("entropy", Entropy())
    entropy = state.difficulty.numbers["entropy"]
    return tuple(
        Alternative(name, state.ids[choice.place], float(entropy[choice.place]))
        for name, rule in rules
        for choice in rule.query(state, 1)
    )


@lru_cache(maxsize=4)
def _ranks(ids: tuple[ExampleId, ...], seed: int) -> Indices:
    """The rank of each example in the shuffle, shape (n,)."""
    keys = [draw_key(one, seed) for one in ids]
    order = sorted(range(len(ids)), key=keys.__getitem__)
    ranks = np.empty(len(ids), dtype=np.intp)
    ranks[order] = np.arange(len(ids))
    return ranks
