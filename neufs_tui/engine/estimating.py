"""The label of every scanned example, estimated from the labels that hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import Capture, shifted
from neufs_tui.core.records import Decision, DecisionKind, ExampleId
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.readout.estimate import ALONE, SETTINGS, Readout, Setting, learn
from neufs_tui.readout.kernel_regression import Floats, log_softmax
from neufs_tui.readout.similarity import PoolSpace, Similarities
from neufs_tui.selection.scanned_pool import ScannedPool

_MOST_LABELS = 256
"""The newest labels that are learned from: learning takes the cube of their number."""
_EACH_UP_TO, _STRIDE = 96, 8
"""Up to so many labels each is learned from at once, beyond them at every eighth."""
_ALL_UP_TO, _MANY_CLASSES = 32, 16
"""Up to so many labels all settings are fitted; with more classes, one alone ever is."""
_WORTH_FITTING = 0.05
"""Share from which on a setting is fitted to more labels than it was weighed by."""
_REMEMBERED = 8
"""Estimates kept, for looking ahead, undo and redo."""

Labels = tuple[tuple[int, int], ...]
"""Place and class of each, in labelling order."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What some labels say of a pool."""

    probabilities: Floats
    """Of the labels of every example, shape (n, n_labels)."""
    given: NDArray[np.intp]
    """Labels of each class that were given, shape (n_labels,)."""
    n_foretold: int
    """Of the labels that were learned from, how many the others foretell."""
    n_learned: int
    """Labels that were learned from."""


class Estimator:
    """Learns from the labels of one task, on whatever is scanned of the pool."""

    def __init__(self, calibrator: Calibrator, names: Sequence[str]) -> None:
        """Bind the labels.

        Args:
            calibrator: of the answers, which labels move.
            names: of the labels, in their order.
        """
        self._calibrator = calibrator
        self._class_of = {name: place for place, name in enumerate(names)}
        self._pool: ScannedPool | None = None
        self._space: PoolSpace
        self._rows: dict[int, Similarities] = {}
        """Similarities of all examples to the labelled ones, by place, shape (3, n, 1)."""
        self._settings: dict[Labels, tuple[Setting, ...]] = {}
        """Those worth fitting, by the labels that they were weighed by."""
        self._known: OrderedDict[tuple[Labels, bytes], Estimates] = OrderedDict()

    def estimate(
        self,
        pool: ScannedPool,
        decisions: Sequence[Decision],
        held: Sequence[ExampleId],
        scanned: Mapping[ExampleId, Capture],
    ) -> Estimates | None:
        """What the labels among some decisions say.

        It depends on the scan and their order alone: not on what was reread by now.

        Args:
            pool: what is ranked.
            decisions: what holds, in order.
            held: check examples to come, which nothing is fitted to.
            scanned: what was read without demonstrations.

        Returns:
            None without labels, or where the scan kept no hidden states.
        """
        if not pool.captures or not len(pool.captures[0].hidden):
            return None
        self._follow(pool)
        given = [one for one in decisions if self._teaches(one)]
        if not given:
            return None
        known = given[: self._n_learned(len(given))]
        until = decisions.index(known[-1]) + 1
        offsets = self._calibrator.scan_offsets(decisions[:until], held, scanned)
        prior = log_softmax(shifted(pool.scores, offsets).astype(np.float64))
        labels = self._labels(known[-_MOST_LABELS:])
        key = labels, prior.tobytes()
        found = self._known.pop(key, None) or self._estimates(labels, prior)
        self._known[key] = found
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        classes = [label for _, label in self._labels(given)]
        return replace(found, given=np.bincount(classes, minlength=prior.shape[1]))

    def _follow(self, pool: ScannedPool) -> None:
        if pool is not self._pool:
            self._pool = pool
            self._space = PoolSpace(pool.captures, pool.sets)
            self._rows, self._settings = {}, {}
            self._known.clear()

    def _teaches(self, one: Decision) -> bool:
        """Whether it is a label of a scanned example, and not of a check example."""
        assert self._pool is not None  # followed before
        is_label = one.kind is DecisionKind.LABEL and not one.check and one.answer is not None
        return is_label and one.example_id in self._pool.place_of and self._class(one) is not None

    def _class(self, one: Decision) -> int | None:
        return self._class_of.get(one.answer.text) if one.answer is not None else None

    def _n_learned(self, n_given: int) -> int:
        """How many of so many labels are learned from, the first ones."""
        if n_given <= _EACH_UP_TO and not self._has_many_classes:
            return n_given
        return max(1, n_given - n_given % _STRIDE)

    def _labels(self, given: Sequence[Decision]) -> Labels:
        assert self._pool is not None  # followed before
        place_of = self._pool.place_of
        classes = [(one, self._class(one)) for one in given]
        return tuple(
            (place_of[one.example_id], label) for one, label in classes if label is not None
        )

    def _estimates(self, labels: Labels, prior: Floats) -> Estimates:
        settings = self._worth_fitting(labels, prior)
        readout = self._learn(labels, prior, settings)
        places = [place for place, _ in labels]
        classes = np.array([label for _, label in labels])
        return Estimates(
            probabilities=readout.probabilities(self._similarities(places), prior),
            given=np.bincount(classes, minlength=prior.shape[1]),
            n_foretold=int((readout.left_out.argmax(axis=1) == classes).sum()),
            n_learned=len(labels),
        )

    @property
    def _has_many_classes(self) -> bool:
        return len(self._class_of) > _MANY_CLASSES

    def _worth_fitting(self, labels: Labels, prior: Floats) -> tuple[Setting, ...]:
        """The settings for some labels: all while these are few, then those that have proved
        themselves on the first of them."""
        if self._has_many_classes:
            return ALONE
        if len(labels) <= _ALL_UP_TO:
            return SETTINGS
        n = _ALL_UP_TO
        while n * 5 // 4 <= min(len(labels), _EACH_UP_TO):
            n = n * 5 // 4
        first = labels[:n]
        if first not in self._settings:
            readout = self._learn(first, prior, SETTINGS)
            pairs = zip(readout.settings, readout.shares, strict=True)
            worth = tuple(one for one, share in pairs if share >= _WORTH_FITTING)
            self._settings[first] = worth
        return self._settings[first]

    def _learn(self, labels: Labels, prior: Floats, settings: Sequence[Setting]) -> Readout:
        places = [place for place, _ in labels]
        classes = np.array([label for _, label in labels])
        own = self._similarities(places)[:, places]
        return learn(own, classes, prior[places], settings)

    def _similarities(self, places: Sequence[int]) -> Similarities:
        """Of all examples to some, by part, shape (3, n, k)."""
        texts = self._space.texts
        for place in places:
            if place not in self._rows:
                self._rows[place] = texts.similarities(texts[[place]])
        return np.concatenate([self._rows[place] for place in places], axis=2)
