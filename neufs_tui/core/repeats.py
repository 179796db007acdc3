"""Labelled examples that are asked again, unannounced, to tell how well the annotator agrees with
herself: which one, and when. All follows from the seed and what is labelled."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from neufs_tui.core.records import Answer, Decision, DecisionKind, ExampleId


@dataclass(frozen=True, slots=True)
class Repeat:
    """An example that was asked again."""

    example_id: ExampleId
    first: Answer | None
    """The label that it had; None when none was given."""
    second: Answer | None
    """The label that it was given then; None when it was passed over."""


def due(
    decisions: Sequence[Decision],
    repeats: Sequence[Repeat],
    every: int,
    seed: int,
    *,
    pool: Container[ExampleId],
) -> ExampleId | None:
    """The example that is to be asked again now: one for each so many labels, each once.

    It is drawn among those that were labelled at least half of that number of labels ago. Labels
    that were given elsewhere do not count.

    Args:
        decisions: what holds, in the order it was decided.
        repeats: what was asked again so far.
        every: labels for one that is asked again; 0 asks none.
        seed: of the draws.
        pool: what can be shown.
    """
    labels = (one for one in decisions if one.kind is DecisionKind.LABEL and not one.given)
    labelled = [one.example_id for one in labels]
    if not every or len(labelled) // every <= len(repeats):
        return None
    asked = {one.example_id for one in repeats}
    long_ago = labelled[: len(labelled) - every // 2]
    may_be = [one for one in long_ago if one not in asked and one in pool]
    return min(may_be, key=lambda one: _draw(f"again {seed} {one}"), default=None)


def _draw(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
