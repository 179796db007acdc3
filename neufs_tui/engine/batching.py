"""Batches sized to the memory; one that outgrows it is halved, and what works remembered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Example, ExampleId
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.model.encoding import EncodedPrompt
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.failures import is_out_of_memory
from neufs_tui.model.memory import FEWEST_TOKENS, batch_tokens, free_memory, release_memory
from neufs_tui.storage.batch_sizes import BatchSizes

logger = logging.getLogger(__name__)

_PACED_TOKENS = 128
"""Tokens of a batch that is to be short, at least; fewer take nearly as long."""
_NEWEST_SHARE = 0.5
"""Weight of the batch read last in what a token is known to take."""

Encoded = tuple[Example, EncodedPrompt]
Captured = list[tuple[ExampleId, Capture]]
Made = TypeVar("Made")


class Runner(Protocol):
    """Whatever reads prompts, as far as the size of a batch goes by it."""

    @property
    def n_likely_slots(self) -> int:
        """Places behind a prompt from which answer tokens are predicted and read, about."""

    def n_tokens(self, prompt: EncodedPrompt) -> int:
        """Tokens that are about to be read for one prompt and its candidates."""


class Batching:
    """Sends prompts through one runner, as many at a time as the memory allows."""

    def __init__(self, config: EngineConfig, loaded: LoadedModel, runner: Runner) -> None:
        """Size the batches by the memory there is, and by what has failed before."""
        self._runner = runner
        self._sizes = BatchSizes(config.cache_dir / "batch_sizes.json")
        self._key = f"{loaded.fingerprint} on {loaded.device}"
        self._free_bytes = free_memory(loaded)
        tokens = batch_tokens(loaded, runner.n_likely_slots, self._free_bytes)
        known = self._sizes.limit(self._key, self._free_bytes)
        # The process was killed for its memory, or died of it, so many times
        smaller = min(tokens, known or tokens) >> config.batch_halvings
        self.n_tokens = max(FEWEST_TOKENS, smaller)
        """Tokens of a batch at most, unless a single prompt has more."""
        self._n_proven: int | None = 0 if config.batch_halvings else None
        """Tokens of the largest batch that was read since a larger one failed; None if none did."""
        self._token_s: float | None = None
        """Seconds that a token has taken lately."""

    def cut(
        self, encoded: Iterable[Encoded], *, seconds: float | None = None
    ) -> Iterator[list[Encoded]]:
        """Cut prompts, in their order, into batches.

        Args:
            encoded: taken one by one, as they are needed.
            seconds: what reading a batch should take at most, as far as one can tell from those
                read before; None if it may take what it takes.
        """
        most = self.n_tokens if seconds is None else self._paced(seconds)
        batch: list[Encoded] = []
        n_tokens = 0
        for item in encoded:
            more = self._count([item])
            if batch and n_tokens + more > most:
                yield batch
                batch, n_tokens = [], 0
            batch.append(item)
            n_tokens += more
        if batch:
            yield batch

    def read(
        self, batch: list[Encoded], read: Callable[[Sequence[EncodedPrompt]], Sequence[Made]]
    ) -> Iterator[list[tuple[ExampleId, Made]]]:
        """Read a batch, in halves where memory runs out; it stays at the size that works.

        Args:
            batch: what is read.
            read: what reads it, in its order.

        Raises:
            RuntimeError: one example alone does not fit.
        """
        parts = [batch]
        while parts:
            part = parts.pop()
            if len(part) > 1 and self._count(part) > self.n_tokens:
                parts += [part[len(part) // 2 :], part[: len(part) // 2]]
                continue
            began = time.monotonic()
            try:
                made = read([prompt for _, prompt in part])
            except RuntimeError as error:
                if len(part) == 1 or not is_out_of_memory(error):
                    raise
                self.n_tokens, self._n_proven = self._count(part) // 2, 0
                logger.warning("out of memory: batches of %d tokens now", self.n_tokens)
                parts.append(part)
            else:
                self._clock(part, time.monotonic() - began)
                self._remember(self._count(part))
                ids = [example.id for example, _ in part]
                yield list(zip(ids, made, strict=True))
                continue
            release_memory()  # once the error no longer holds on to the failed pass

    def _remember(self, n_tokens: int) -> None:
        """Note a size that works where a larger one did not, once it is near to the limit."""
        if self._n_proven is None or n_tokens <= max(self._n_proven, self.n_tokens // 2):
            return
        self._n_proven = n_tokens
        size = max(FEWEST_TOKENS, min(n_tokens, self.n_tokens))
        self._sizes.remember(self._key, size, self._free_bytes)

    def _paced(self, seconds: float) -> int:
        """Tokens that take so long, or few while nobody knows."""
        wanted = seconds / self._token_s if self._token_s else 0.0
        return min(self.n_tokens, max(_PACED_TOKENS, int(wanted)))

    def _clock(self, part: Sequence[Encoded], seconds: float) -> None:
        """Take in how long a batch has taken."""
        newest = seconds / self._count(part)
        before = self._token_s if self._token_s is not None else newest
        self._token_s = before + _NEWEST_SHARE * (newest - before)

    def _count(self, batch: Sequence[Encoded]) -> int:
        return sum(self._runner.n_tokens(prompt) for _, prompt in batch)
