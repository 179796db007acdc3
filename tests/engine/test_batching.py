"""Batches that are to be short are cut by how long a token has taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Example
from neufs_tui.engine import batching
from neufs_tui.engine.batching import Batching, Encoded
from neufs_tui.model.encoding import EncodedPrompt
from tests.captures import capture
from tests.engine.test_scanning import config
from tests.models import load_tiny

TOKENS = 10
"""Of each prompt."""


@dataclass
class Clocked:
    """A runner that takes the same time for each token, on a clock of its own."""

    token_s: float
    now: float = 0.0
    n_likely_slots: int = 2

    def n_tokens(self, _prompt: EncodedPrompt) -> int:
        return TOKENS

    def capture(self, prompts: list[EncodedPrompt]) -> list[Capture]:
        self.now += self.token_s * TOKENS * len(prompts)
        return [capture() for _ in prompts]


PROMPTS: list[Encoded] = [
    (Example(str(number), str(number), number), EncodedPrompt((1,), truncated=False))
    for number in range(500)
]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Clocked:
    runner = Clocked(token_s=0.001)
    monkeypatch.setattr(batching.time, "monotonic", lambda: runner.now)
    return runner


@pytest.fixture
def batches(runner: Clocked, tmp_path: Path) -> Batching:
    return Batching(config((), tmp_path), load_tiny(tmp_path / "model", "llama"), runner)


def n_tokens(batch: list[Encoded]) -> int:
    return TOKENS * len(batch)


def test_a_first_batch_is_small_and_the_next_take_the_time_they_may(
    batches: Batching, runner: Clocked
) -> None:
    first = next(batches.cut(PROMPTS, seconds=0.5))
    assert n_tokens(first) == 120
    list(batches.read(first, runner.capture))
    assert n_tokens(next(batches.cut(PROMPTS, seconds=0.5))) == 500
    runner.token_s = 0.1  # behind more demonstrations, say
    for _ in range(12):
        list(batches.read(next(batches.cut(PROMPTS, seconds=0.5)), runner.capture))
    assert n_tokens(next(batches.cut(PROMPTS, seconds=0.5))) == 120


def test_a_short_batch_is_never_larger_than_the_memory_allows(
    batches: Batching, runner: Clocked
) -> None:
    runner.token_s = 1e-9
    list(batches.read(PROMPTS[:3], runner.capture))
    assert n_tokens(next(batches.cut(PROMPTS, seconds=0.5))) == n_tokens(next(batches.cut(PROMPTS)))
    batches.n_tokens = 50
    assert n_tokens(next(batches.cut(PROMPTS, seconds=0.5))) == 50
