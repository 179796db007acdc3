"""Rules that make a few-shot set of labels: how many of the first ones, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neufs_tui.export.few_shot_set import SELECTION, interleaved

N_FOLDS = 8
"""Parts of the labels, each held out once."""
_FEWEST = 4
"""Labels of the smallest set; each further one has twice as many."""

Places = tuple[int, ...]
"""Of labels, in the order in which they were given."""


def _frequent_last(places: Places, labels: Sequence[str]) -> Places:
    """Class by class, the rarest first; of equally frequent ones that which was given first."""
    n_of = Counter(labels[place] for place in places)
    first = {label: number for number, label in enumerate(n_of)}
    return tuple(sorted(places, key=lambda at: (n_of[labels[at]], first[labels[at]])))


ORDERS: Mapping[str, Callable[[Places, Sequence[str]], Places]] = MappingProxyType(
    {
        SELECTION: lambda places, _: places,
        "reversed": lambda places, _: places[::-1],
        "interleaved": interleaved,
        "frequent-last": _frequent_last,
    }
)
"""What an order makes of places that ascend, with the labels of all."""


@dataclass(frozen=True, slots=True)
class SetRule:
    """A way to make a set of what labels there are."""

    k: int | None
    """The first so many in labelling order; None for all."""
    order: str
    """One of `ORDERS`."""

    def places(self, available: Sequence[int], labels: Sequence[str]) -> Places:
        """The set.

        Args:
            available: places of the labels that may be used, ascending.
            labels: all of them, those that may not be used included.
        """
        return ORDERS[self.order](tuple(available[: self.k]), labels)


DEFAULT = SetRule(None, SELECTION)
"""What is exported unless a rule is better."""


def folds_of(labels: Sequence[str], seed: int) -> NDArray[np.intp]:
    """The fold of each label: equally large to one, and each class spread over as many as it can.

    Args:
        labels: at least `N_FOLDS`.
        seed: of the shuffle within each class.

    Returns:
        Numbers from 0 to `N_FOLDS` - 1, shape (n,).
    """
    shuffled = Random(seed).sample(range(len(labels)), len(labels))
    dealt = sorted(shuffled, key=lambda place: labels[place])
    folds = np.empty(len(labels), dtype=np.intp)
    folds[dealt] = np.arange(len(labels)) % N_FOLDS
    return folds


def others(folds: NDArray[np.intp], fold: int) -> list[int]:
    """Places of the labels that are not in a fold, ascending."""
    return [int(place) for place in np.flatnonzero(folds != fold)]


def rules_for(
    labels: Sequence[str], folds: NDArray[np.intp], *, orders_only: bool = False
) -> tuple[SetRule, ...]:
    """The rules that are compared, the default first, none that makes the same sets as another.

    Args:
        labels: in labelling order.
        folds: of each.
        orders_only: all sets are of all labels.
    """
    behind = [*(others(folds, fold) for fold in range(N_FOLDS)), [*range(len(labels))]]
    sizes: list[int | None] = [None]
    k = _FEWEST
    while not orders_only and k < min(map(len, behind)):
        sizes.append(k)
        k *= 2
    made: dict[tuple[Places, ...], SetRule] = {}
    for size in sizes:
        for order in ORDERS:
            rule = SetRule(size, order)
            made.setdefault(tuple(rule.places(one, labels) for one in behind), rule)
    return tuple(made.values())
