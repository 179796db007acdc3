"""Captures that several packages' tests compare."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from neufs_tui.core.neurons import Capture


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
