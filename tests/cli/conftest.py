"""Commands run in this process, with their streams and exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from neufs_tui.cli import main
from tests.pools import write_rows
from tests.tiny import CORPUS


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture(autouse=True, scope="session")
def _engines(forked_engines: None) -> None:
    """Every engine is forked but those of another command."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["neufs-tui", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        streams = capsys.readouterr()
        return Ran(int(ended.value.code or 0), streams.out, streams.err)

    return run


def write_pool(path: Path, order: list[int] | None = None, n: int = 24) -> Path:
    """A pool of short texts with ids, gold labels and another field, in a given order."""
    rows = [
        {
            "id": f"r{number}",
            "text": f"Variation {number}. {CORPUS[number % 4]}",
            "label": "yes" if number % 3 else "no, not at all",
            "channel": "mail",
        }
        for number in range(n)
    ]
    return write_rows(path, (rows[number] for number in order or range(n)))


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    return write_pool(tmp_path / "pool.jsonl")
