"""Random draws: what is shown while no strategy has chosen, in an order fixed by the seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b

from neufs_tui.core.records import CHECK, DRAW, ExampleId, Pick, Reason


def draw_key(example_id: ExampleId, seed: int, *, checks: bool = False) -> bytes:
    """What a shuffle is sorted by: it depends on nothing but the text and the seed.

    Args:
        example_id: the text.
        seed: of the shuffle.
        checks: that of the check set, so that no example is seen to be one by being the next of
            the shuffle that the strategy `random` goes by.
    """
    return blake2b(f"{'check ' if checks else ''}{seed} {example_id}".encode()).digest()


class Draws:
    """The pool in the order of its draws."""

    def __init__(self, ids: Iterable[ExampleId], seed: int, *, checks: bool = False) -> None:
        """Shuffle, as `draw_key` says; for 100,000 examples it takes a moment."""
        self._seed = seed
        self._ids = sorted(ids, key=lambda one: draw_key(one, seed, checks=checks))

    def next(
        self, decided: Collection[ExampleId], n: int = 1, *, check: bool = False
    ) -> list[Pick]:
        """The first draws that are not decided.

        Args:
            decided: what is passed over; `in` is to be fast.
            n: how many, where there are as many.
            check: they are drawn for the check set.
        """
        found: list[Pick] = []
        for one in self._ids:
            if len(found) >= n:
                break
            if one not in decided:
                found.append(drawn(one, self._seed, check=check))
        return found


def drawn(example_id: ExampleId, seed: int, *, check: bool = False) -> Pick:
    """The pick of a draw of a text that the model has not read.

    Args:
        example_id: the text.
        seed: of the draw.
        check: it is drawn for the check set.
    """
    reason = draw_reason(seed, check=check)
    return Pick(example_id, reason, None, {}, n_scanned=0, n_labelled=0)


def draw_reason(seed: int, *, check: bool = False) -> Reason:
    """The reason of every draw with a seed: no number chose it."""
    return Reason(0, 0, 0.0, 0.0, strategy=CHECK if check else DRAW, seed=seed)
