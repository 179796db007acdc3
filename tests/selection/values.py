"""Small states that the tests of strategies share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind, ExampleId, content_hash
from neufs_tui.core.settings import DEFAULT_SIGNAL, SelectionSettings, Signal
from neufs_tui.selection.scanned_pool import Readings, ScannedPool
from neufs_tui.selection.strategy import SelectionState


def captures_of(n: int, seed: int = 0) -> list[Capture]:
    """What a model with 80 neurons and three labels might do."""
    rng = np.random.default_rng(seed)
    return [capture(rng) for _ in range(n)]


def capture(rng: np.random.Generator) -> Capture:
    neurons = np.sort(rng.permutation(80)[: rng.integers(5, 30)]).astype(np.uint32)
    scores = rng.normal(size=3).astype(np.float32)
    return Capture(
        answer=int(scores.argmax()),
        scores=scores,
        neurons=neurons,
        contributions=np.ones(len(neurons), dtype=np.float16),
        neuron_count=int(rng.integers(100, 200)),
        n_answer_tokens=int(rng.integers(1, 3)),
        nucleus=int(rng.integers(20, 60)),
        participation=float(rng.uniform(10, 40)),
    )


def pool_of(captures: Iterable[Capture]) -> dict[ExampleId, Capture]:
    """Captures under the ids of texts that are numbered."""
    return {content_hash(f"text {number}"): one for number, one in enumerate(captures)}


def state_of(
    captures: Iterable[Capture],
    decided: Iterable[tuple[int, DecisionKind]] = (),
    *,
    reread: Mapping[ExampleId, Capture] | None = None,
    signal: Signal = DEFAULT_SIGNAL,
    **settings: Any,
) -> SelectionState:
    """A state; what is decided is given by place."""
    pool = ScannedPool(pool_of(captures))
    decisions = [Decision(pool.ids[place], kind) for place, kind in decided]
    n_labels = sum(one.kind is DecisionKind.LABEL for one in decisions)
    readings = Readings(pool, reread or {}, max(1, n_labels) if reread else 0)
    return SelectionState.at(readings, decisions, SelectionSettings(**settings), signal)
