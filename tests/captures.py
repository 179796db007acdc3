"""Captures as tests want them, and how they compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from neufs_tui.core.neurons import Capture


def capture(
    neurons: Sequence[int] = (),
    *,
    scores: Sequence[float] = (-1.0, -2.0),
    contributions: Sequence[float] | None = None,
    **more: Any,
) -> Capture:
    """What an example switched on; what is not said follows from its neurons."""
    n = len(neurons)
    said = {"neuron_count": n, "n_answer_tokens": 1, "nucleus": n, "participation": float(n)}
    return Capture(
        answer=int(np.argmax(scores)),
        scores=np.array(scores, dtype=np.float32),
        neurons=np.array(neurons, dtype=np.uint32),
        contributions=np.array([1] * n if contributions is None else contributions, np.float16),
        **said | more,
    )


def random_capture(seed: int) -> Capture:
    """10 to 29 of 80 neurons; the rest as chance has it."""
    rng = np.random.default_rng(seed)
    return capture(
        np.sort(rng.permutation(80)[: rng.integers(10, 30)]),
        scores=rng.normal(size=2),
        neuron_count=int(rng.integers(100, 200)),
        nucleus=int(rng.integers(20, 60)),
        participation=float(rng.uniform(10, 40)),
    )


def assert_same(
    some: Iterable[Capture], others: Iterable[Capture], *, neurons: bool = True
) -> None:
    """Captures that two ways of reading gave, the same up to rounding."""
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-4, atol=1e-4)
        assert one.answer == other.answer
        assert abs(one.nucleus - other.nucleus) <= 1
        assert one.participation == pytest.approx(other.participation, rel=1e-3)
        if neurons:
            np.testing.assert_array_equal(one.neurons, other.neurons)
