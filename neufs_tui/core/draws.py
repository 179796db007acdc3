"""Random draws: what is shown while no strategy has chosen, in an order fixed by the seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b

from neufs_tui.core.records import DRAW, ExampleId, Pick, Reason


def draw_key(example_id: ExampleId, seed: int) -> bytes:
    """What a shuffle is sorted by: it depends on nothing but the text and the seed."""
    return blake2b(f"{seed} {example_id}".encode()).digest()


class Draws:
    """The pool in the order of its draws."""

    def __init__(self, ids: Iterable[ExampleId], seed: int) -> None:
        """Shuffle; for 100,000 examples it takes a moment."""
        self._seed = seed
        self._ids = sorted(ids, key=lambda one: draw_key(one, seed))

    def next(self, decided: Collection[ExampleId], n: int = 1) -> list[Pick]:
        """The first draws that are not decided.

        Args:
            decided: what is passed over; `in` is to be fast.
            n: how many, where there are as many.
        """
        found: list[Pick] = []
        for one in self._ids:
            if len(found) == n:
                break
            if one not in decided:
                found.append(drawn(one, self._seed))
        return found


def drawn(example_id: ExampleId, seed: int) -> Pick:
    """The pick of a draw of a text that the model has not read."""
    return Pick(example_id, draw_reason(seed), None, {}, n_scanned=0, n_labelled=0)


def draw_reason(seed: int) -> Reason:
    """The reason of every draw with a seed: no number chose it."""
    return Reason(0, 0, 0.0, 0.0, strategy=DRAW, seed=seed)
