"""Check examples read behind random halves of the labels: what they gain comes from any labels.

Read when there is nothing else to do, a batch at a time, through a shared beginning of its own, so
that the one of all labels stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from neufs_tui.core.check_set import random_halves
from neufs_tui.core.records import Demonstration, ExampleId
from neufs_tui.engine.batching import Batching
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.prefix import common_beginning
from neufs_tui.statistics.check_set import MIN_CHECKED

Demonstrations = tuple[Demonstration, ...]
Scores = tuple[float, ...]

_BATCH_S = 0.3
"""Seconds that a batch should take: as long the annotator may wait for an answer."""
_PIECE = 256
"""Tokens of demonstrations that are a step of their own to read."""


class HalfReader:
    """Reads them; whoever drives it goes on batch by batch and stops when she acts."""

    def __init__(self, config: EngineConfig, scanner: Scanner) -> None:
        """Bind the texts and the model; nothing is read yet."""
        self._examples = {example.id: example for example in (*config.examples, *config.tests)}
        self._seed = config.selection.seed
        self._encoder = scanner.encoder
        self._runner = scanner.runner.sibling(self._encoder.prompt("").ids)
        self._batching = Batching(config, scanner.loaded, self._runner)
        self._shared: tuple[int, ...] = ()
        """Tokens that the runner has read for all prompts."""
        self._ids: tuple[ExampleId, ...] = ()
        self._draws: tuple[Demonstrations, ...] = ()
        self._read: dict[Demonstrations, dict[ExampleId, Scores]] = {}
        """What was read behind each half there is."""

    def follow(self, labelled: Demonstrations, ids: Sequence[ExampleId]) -> None:
        """Go on with these labels and check examples; what holds of what was read is kept.

        Args:
            labelled: the labels that hold, in labelling order.
            ids: the check examples, of which nothing is read while they are too few to tell.
        """
        self._ids = tuple(ids) if len(ids) >= MIN_CHECKED else ()
        halves = random_halves(labelled, seed=self._seed)
        self._draws = tuple(self._encoder.fitting(half) for half in halves)
        self._read = {half: self._read.get(half, {}) for half in self._draws}

    @property
    def n_labels(self) -> int:
        """Labels of each half; 0 until every check example is read behind all of them."""
        is_read = self._ids and not any(map(self._missing, self._draws))
        return min(map(len, self._draws), default=0) if is_read else 0

    def scores(self, example_id: ExampleId) -> tuple[Scores, ...]:
        """Of a check example, by each draw, once all are read."""
        return tuple(self._read[half][example_id] for half in self._draws)

    def step(self) -> bool:
        """Read one batch, or first some of the labels in front of it.

        Returns:
            Whether there was anything to read.
        """
        half = next(filter(self._missing, self._draws), None)
        if half is None:
            return False
        if self._share(half):
            missing = (self._examples[one] for one in self._missing(half))
            encoded = ((one, self._encoder.prompt(one.text, half)) for one in missing)
            batch = next(self._batching.cut(encoded, seconds=_BATCH_S))
            for captured in self._batching.read(batch, self._runner.capture):
                self._read[half] |= {one: tuple(map(float, of.scores)) for one, of in captured}
        return True

    def _missing(self, half: Demonstrations) -> list[ExampleId]:
        return [one for one in self._ids if one not in self._read[half]]

    def _share(self, half: Demonstrations) -> bool:
        """Read some more of what prompts behind a half begin with; returns whether all is."""
        wanted = tuple(self._encoder.shared_prefix(half))
        if self._shared != wanted:
            n_known = len(common_beginning([self._shared, wanted]))
            self._shared = wanted[: n_known + _PIECE]
            whole = self._shared == wanted
            neutral = self._encoder.prompt("", half).ids if whole else None
            self._runner.share(self._shared, neutral)
        return self._shared == wanted
