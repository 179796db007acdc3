"""A listener that remembers, and tiny models ready for forward passes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from neufs_tui.core.neurons import Capture
from neufs_tui.core.settings import ModelChoice
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.pretrained import load_model
from tests.tiny import save_tiny_model


class Heard:
    """Remembers what loading said."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str]] = []
        self.bytes: list[tuple[int, int]] = []

    def stage(self, name: str, detail: str) -> None:
        self.stages.append((name, detail))

    def downloaded(self, done: int, total: int) -> None:
        self.bytes.append((done, total))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def load_tiny(folder: Path, family: str, dtype: str = "float32", window: int = 256) -> LoadedModel:
    save_tiny_model(folder, family, window)
    choice = ModelChoice(name=str(folder), device="cpu", dtype=dtype)
    return load_model(choice, folder / "unused", Heard())


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
