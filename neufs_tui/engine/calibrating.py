"""What calibrates the model's answers to a pool, by the labels that hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neufs_tui.core.calibration import (
    MIN_LABELS,
    MIN_SAMPLE,
    RAW,
    SAMPLE,
    Calibration,
    Offsets,
    Shift,
    Uncalibrated,
)
from neufs_tui.core.draws import Draws
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, ExampleId
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.statistics.calibration import class_prior, offsets

_REMEMBERED = 8
"""Offsets kept: those of the scan and behind the labels, before the last label and after it."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What answers are calibrated by."""

    sample: tuple[ExampleId, ...]
    """Random examples of the pool that are neither decided nor held."""
    prior: tuple[float, ...]
    """The shares expected of the labels, in their order."""
    n_labels: int
    """Labels by which they are."""


class Calibrator:
    """Calibrates the readings of one pool."""

    def __init__(self, config: EngineConfig, *, reads_all: bool) -> None:
        """Bind pool, labels and seed; the pool is shuffled when it is first needed.

        Args:
            config: the pool, and whether answers are to be calibrated.
            reads_all: every label is read to its end, so that its score is no estimate.
        """
        self._config = config
        self._names = config.task.label_names
        self._never = None if reads_all else Uncalibrated.MANY_CLASSES
        if not config.selection.calibration:
            self._never = Uncalibrated.UNWANTED
        self._last: Shift | None = None
        """Of readings behind demonstrations, the offsets found last."""
        self._found: dict[tuple[bytes, tuple[float, ...]], Shift] = {}
        """By the sample's scores and the prior; the one used last stands last."""

    def basis(
        self,
        decisions: Sequence[Decision],
        held: Sequence[ExampleId] = (),
        *,
        least: int = MIN_LABELS,
    ) -> Basis | Uncalibrated:
        """What answers are calibrated by, once some decisions hold, or why by nothing.

        How often a label was hunted for, or given elsewhere, says nothing of its share of the pool.

        Args:
            decisions: what holds.
            held: check examples to come, which no fitting may see.
            least: labels from which on they say enough of the classes.
        """
        if self._never is not None:
            return self._never
        shots = [one for one in decisions if one.is_shot and not one.hunted and not one.given]
        given = [one.answer.text for one in shots if one.answer is not None]
        if len(given) < least:
            return Uncalibrated.FEW_LABELS
        decided = {one.example_id for one in decisions}.union(held)
        sample = tuple(pick.example_id for pick in self._draws.next(decided, SAMPLE))
        if len(sample) < MIN_SAMPLE:
            return Uncalibrated.FEW_TEXTS
        return Basis(sample, tuple(class_prior(given, self._names).tolist()), len(given))

    def offsets(
        self,
        basis: Basis | Uncalibrated,
        scanned: Mapping[ExampleId, Capture],
        reread: Mapping[ExampleId, Capture],
    ) -> Offsets:
        """What is added to the scores of what was read.

        Until enough of the sample is reread behind the present demonstrations, those found last
        serve: a label more moves them little.

        Args:
            basis: what answers are calibrated by.
            scanned: what was read without demonstrations.
            reread: what was read with the present ones.
        """
        if isinstance(basis, Uncalibrated):
            self._last = None
            return RAW
        self._last = self._by(basis, reread) or self._last
        return Offsets(self._by(basis, scanned), self._last)

    def scan_offsets(
        self,
        decisions: Sequence[Decision],
        held: Sequence[ExampleId],
        scanned: Mapping[ExampleId, Capture],
    ) -> Shift | None:
        """What calibrates the answers without demonstrations by however few labels.

        Args:
            decisions: what holds.
            held: check examples to come, which no fitting may see.
            scanned: what was read without demonstrations.

        Returns:
            None where answers stay as the model gives them.
        """
        basis = self.basis(decisions, held, least=0)
        return None if isinstance(basis, Uncalibrated) else self._by(basis, scanned)

    @staticmethod
    def is_read(basis: Basis | Uncalibrated, reread: Mapping[ExampleId, Capture]) -> bool:
        """Whether nothing of the sample is still to be read behind the present demonstrations."""
        return isinstance(basis, Uncalibrated) or all(one in reread for one in basis.sample)

    def told(
        self, basis: Basis, offsets: Offsets, demonstrations: Sequence[tuple[ExampleId, str]]
    ) -> Calibration | None:
        """What is said and kept of it; None while too little is read.

        Args:
            basis: what answers are calibrated by.
            offsets: what was found by that.
            demonstrations: in the prompt, in its order, each with its label.
        """
        with_labels = offsets.reread if demonstrations else offsets.scanned
        if with_labels is None or offsets.scanned is None:
            return None
        return Calibration(
            demonstrations=tuple(demonstrations),
            offsets=dict(zip(self._names, with_labels, strict=True)),
            offsets_without=dict(zip(self._names, offsets.scanned, strict=True)),
            prior=dict(zip(self._names, basis.prior, strict=True)),
            n_labels=basis.n_labels,
            n_sample=len(basis.sample),
        )

    @cached_property
    def _draws(self) -> Draws:
        ids = (example.id for example in self._config.examples)
        selection = self._config.selection
        # the app's draws, whose first ones are scanned first
        return Draws(ids, selection.seed, checks=selection.check > 0)

    def _by(self, basis: Basis, read: Mapping[ExampleId, Capture]) -> Shift | None:
        """By what is read of the sample; None while that is too little."""
        known = tuple(one for one in basis.sample if one in read)
        if len(known) < MIN_SAMPLE:
            return None
        scores = np.array([read[one].scores for one in known])
        key = (scores.tobytes(), basis.prior)
        found = self._found.pop(key, None)
        if found is None:
            found = tuple(offsets(scores, np.array(basis.prior)).tolist())
        self._found[key] = found
        while len(self._found) > _REMEMBERED:
            del self._found[next(iter(self._found))]
        return found
