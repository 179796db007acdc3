"""The check set: which queries are for it. All follows from the seed and what is decided.

N examples are drawn at random among the first 2N queries. What they are labelled as measures the
model, so none of them is ever a demonstration.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from neufs_tui.core.records import Decision, DecisionKind, Demonstration

N_DRAWS = 3
"""Random halves of the labels."""
MIN_LABELS = 4
"""Labels from which on there are such halves."""


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
    as likely. One that is skipped is replaced: among what is left of them, else behind them. What
    was hunted, accepted or given elsewhere is no query.

    Args:
        decisions: what holds, in the order it was decided.
        n: check examples wanted.
        seed: of the draws.

    Source: selection sampling, Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
    """
    left = n_left(decisions, n)
    if not left:
        return False
    queries = [
        one
        for one in decisions
        if not one.hunted and not one.given and one.kind is not DecisionKind.ACCEPT
    ]
    first = next((at for at, one in enumerate(queries) if one.check), len(queries))
    n_queries = 2 * n - (len(queries) - first)
    return _coin(f"query {seed} {len(queries)}") * max(left, n_queries) < left


def as_unlabelled(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Decisions as the engine is to take them: check examples and flagged ones are passed over.

    Check examples that were labelled, and are to be read, keep their mark.
    """
    if not any(one.check or one.flagged for one in decisions):
        return tuple(decisions)
    return tuple(
        Decision(
            one.example_id,
            DecisionKind.SKIP,
            check=one.check and one.answer is not None,
            hunted=one.hunted,
        )
        if one.check or one.flagged
        else one
        for one in decisions
    )


def random_halves(
    labelled: tuple[Demonstration, ...], *, seed: int
) -> tuple[tuple[Demonstration, ...], ...]:
    """Random halves of the labels, in their order; none of fewer than `MIN_LABELS`.

    Of each two labels that follow one another a coin takes one. So a label more changes no half or
    is added to its end, and what was read behind the others still holds.

    Args:
        labelled: the labels, in labelling order.
        seed: of the coins.
    """
    if len(labelled) < MIN_LABELS:
        return ()
    pairs = list(zip(labelled[::2], labelled[1::2], strict=False))
    return tuple(
        tuple(pair[_is_second(pair, f"half {seed} {draw}")] for pair in pairs)
        for draw in range(N_DRAWS)
    )


def _is_second(pair: tuple[Demonstration, Demonstration], seed: str) -> bool:
    texts = "\0".join(one.text for one in pair)
    return _coin(f"{seed} {texts}") < 0.5


def _coin(text: str) -> float:
    """A number in [0, 1) that a text fixes."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
