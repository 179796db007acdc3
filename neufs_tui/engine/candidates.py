"""The undecided examples, best first, looked up only as far as somebody reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from neufs_tui.core.records import ExampleId

_FIRST = 32
"""Looked up at first; each further time it is twice as many."""


class Candidates:
    """What is to be reread, as it looked when the annotator acted last.

    Of a large pool little is read before she acts again, so that to rank all of it would be most
    of the work.
    """

    def __init__(
        self,
        best: Callable[[int], Sequence[ExampleId]],
        total: int,
        *,
        left_out: Collection[ExampleId] = (),
        limit: int | None = None,
    ) -> None:
        """Bind what ranks them.

        Args:
            best: so many of the best of them, or all.
            total: how many there are.
            left_out: examples that are none, in a form that is quick to search.
            limit: how many of the best are wanted; None for all.
        """
        self._best = best
        self._total = total
        self._left_out = left_out
        self._limit = limit
        self._known: Sequence[ExampleId] = ()

    def __len__(self) -> int:
        """How many are to be reread."""
        return self._total if self._limit is None else min(self._limit, self._total)

    def __iter__(self) -> Iterator[ExampleId]:
        """Them, best first."""
        at = 0
        while at < len(self):
            if at == len(self._known):
                self._known = self._best(min(len(self), max(_FIRST, 2 * at)))
            if at == len(self._known):  # fewer are left than there were
                return
            yield self._known[at]
            at += 1

    def first(self, n: int) -> Candidates:
        """The n best of them."""
        return Candidates(self._best, self._total, left_out=self._left_out, limit=n)

    def n_read(self, read: Collection[ExampleId]) -> int:
        """How many of them are among those read, which are of the same pool."""
        if self._limit is not None:
            return sum(one in read for one in self)
        return len(read) - sum(one in read for one in self._left_out)


NONE = Candidates(lambda _: (), 0)
