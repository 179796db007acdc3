"""What is told while a model is found, fetched and loaded, and to whom."""

from __future__ import annotations

from typing import Literal, Protocol

LoadStage = Literal["download", "convert", "tokenizer", "weights", "fingerprint", "check"]


class LoadListener(Protocol):
    """Hears what loading does; it may take a while."""

    def stage(self, name: LoadStage, detail: str) -> None:
        """A part of the work begins."""

    def downloaded(self, done: int, total: int) -> None:
        """More bytes have arrived."""
