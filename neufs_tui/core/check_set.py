"""The check set: which queries are for it. All follows from the seed and what is decided.

N examples are drawn at random among the first 2N queries. What they are labelled as measures the
model, so none of them is ever a demonstration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from neufs_tui.core.records import Decision, DecisionKind


def n_left(decisions: Sequence[Decision], n: int) -> int:
    """Check examples that are still to be labelled.

    Args:
        decisions: what holds.
        n: check examples wanted.
    """
    return max(0, n - sum(one.check and one.answer is not None for one in decisions)) if n else 0


def is_due(decisions: Sequence[Decision], n: int, seed: int) -> bool:
    """Whether the next query is for the check set.

    Of the 2n queries from the first check example on, exactly n are, each such set of them being
    as likely. One that is skipped is replaced: among what is left of them, else behind them.

    Args:
        decisions: what holds, in the order it was decided.
        n: check examples wanted.
        seed: of the draws.

    Source: selection sampling, Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
    """
    left = n_left(decisions, n)
    if not left:
        return False
    first = next((at for at, one in enumerate(decisions) if one.check), len(decisions))
    n_queries = 2 * n - (len(decisions) - first)
    return _coin(seed, len(decisions)) * max(left, n_queries) < left


def as_unlabelled(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Decisions as the engine is to take them: a check example's label is passed over.

    Those that were labelled, and are to be read, keep their mark.
    """
    return tuple(
        replace(one, kind=DecisionKind.SKIP, answer=None, check=one.answer is not None)
        if one.check
        else one
        for one in decisions
    )


def _coin(seed: int, n_decided: int) -> float:
    """A number in [0, 1) that the seed and the place of a query fix."""
    digest = blake2b(f"query {seed} {n_decided}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
