"""Engines with a tiny model, and what they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.client import EngineClient
from neufs_tui.engine.protocol import EngineConfig
from tests.engine.test_scanning import pool

WAIT_S = 90


Begin = Callable[..., EngineClient]


def config(
    folder: Path, model: Path | str, n: int = 20, rescore: str = "pool", third: str = ""
) -> EngineConfig:
    """Asks a model about n texts; the labels are yes, no and a third one if there is one."""
    examples = pool(n)
    return EngineConfig(
        examples=examples,
        first=tuple(one.id for one in examples[:8]),
        task=Task(labels=tuple(map(Label, filter(None, ("yes", "no", third))))),
        model=ModelChoice(str(model), device="cpu", dtype="float32"),
        cache_dir=folder,
        selection=SelectionSettings(shots=4, choose_from=8, rescore=rescore),
    )


@pytest.fixture(autouse=True, scope="session")
def _engines(forked_engines: None) -> None:
    """Every engine is forked but those of another command."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Begin]:
    """Makes clients whose engines end with the test."""
    made: list[EngineClient] = []

    def make(
        model: Path | str, n: int = 20, rescore: str = "pool", **more: tuple[str, ...]
    ) -> EngineClient:
        wanted = config(tmp_path, model, n, rescore)
        made.append(EngineClient(wanted, tmp_path / "engine.log", **more))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()
