"""The examples scanned by some moment, as arrays, and what the model was asked of them since.

Arrays are made when they are first asked for: not every strategy needs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import RAW, Offsets
from neufs_tui.core.neurons import Capture, shifted, softmax
from neufs_tui.core.records import ExampleId
from neufs_tui.selection.difficulty import (
    Difficulty,
    recalibrated,
    reread_difficulty,
    scan_difficulty,
)
from neufs_tui.selection.jaccard import Indices, NeuronSets
from neufs_tui.selection.memory import NOT_KEPT, Memory
from neufs_tui.selection.repeats import Repeats

Pack = Callable[[Sequence[NDArray[np.uint32]]], NeuronSets]
"""Makes neuron sets ready for distances."""


class ScannedPool:
    """The examples scanned so far; places count from 0 in the order of content hashes."""

    def __init__(
        self,
        captures: Mapping[ExampleId, Capture],
        *,
        raw_counts: bool = False,
        pack: Pack = NeuronSets,
        memory: Memory = NOT_KEPT,
    ) -> None:
        """Take the captures as they are now.

        Args:
            captures: by example, in any order.
            raw_counts: compare neuron counts across answer lengths, as the reference does.
            pack: decides where distances are computed.
            memory: clusters the neuron sets, and keeps what selection makes of them.
        """
        self.ids = tuple(sorted(captures))
        self.place_of = {example_id: place for place, example_id in enumerate(self.ids)}
        self.captures = [captures[example_id] for example_id in self.ids]
        self._raw_counts = raw_counts
        self._pack = pack
        self.memory = memory

    @cached_property
    def sets(self) -> NeuronSets:
        """Neuron sets, packed for distances."""
        return self._pack([capture.neurons for capture in self.captures])

    @cached_property
    def repeats(self) -> Repeats:
        """Which examples say nearly the same."""
        return Repeats(self.captures)

    @cached_property
    def scores(self) -> NDArray[np.float32]:
        """Of the labels, as the scan read them, shape (n, n_labels)."""
        return np.array([capture.scores for capture in self.captures])

    @cached_property
    def difficulty(self) -> Difficulty:
        """As the scan read it, without demonstrations."""
        return scan_difficulty(self.captures, raw_counts=self._raw_counts)


@dataclass(frozen=True)
class Readings:
    """A pool as it was read last: with the present demonstrations, or else by the scan."""

    pool: ScannedPool
    reread: Mapping[ExampleId, Capture] = field(default_factory=dict)
    """What was read with the present demonstrations, which may go beyond the pool."""
    n_demonstrations: int = 0
    """Labels in the prompt with which that was read."""
    offsets: Offsets = RAW
    """What calibrates the scores."""
    estimates: NDArray[np.float64] | None = None
    """Label probabilities that the annotator's labels make likely, shape (n, n_labels); None before
    there are labels to go by."""
    given: NDArray[np.intp] | None = None
    """Labels of each class that these were learned from, shape (n_labels,); None without them."""

    @cached_property
    def places(self) -> Indices:
        """Places of the reread examples, ascending."""
        place_of = self.pool.place_of
        known = sorted(place_of[one] for one in self.reread if one in place_of)
        return np.array(known, dtype=np.intp)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """Label probabilities, shape (n, n_labels)."""
        scores = shifted(self.pool.scores, self.offsets.scanned).astype(np.float64)
        if len(self.places):
            scores[self.places] = shifted(self._reread_scores, self.offsets.reread)
        return softmax(scores)

    @cached_property
    def difficulty(self) -> Difficulty:
        """What each signal says."""
        scan = self.pool.difficulty
        if self.offsets.scanned is not None:
            scan = recalibrated(scan, self.pool.scores, self.offsets.scanned)
        return reread_difficulty(scan, self.places, self._reread, self.offsets.reread)

    @cached_property
    def _reread(self) -> list[Capture]:
        return [self.reread[self.pool.ids[place]] for place in self.places]

    @cached_property
    def _reread_scores(self) -> NDArray[np.float32]:
        return np.array([capture.scores for capture in self._reread])
