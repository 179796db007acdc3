"""The label of every scanned example, estimated from the labels that hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import Shift
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, DecisionKind, ExampleId
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.readout.estimate import ALONE, SETTINGS, Readout, Setting, learn
from neufs_tui.readout.fitted import FittedReadout, prior_mean
from neufs_tui.readout.kernel_regression import Floats
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


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What is learned from."""

    labels: Labels
    offsets: Shift | None
    """What calibrates the answers that they move."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is learned from, and by what it is known how."""

    taught: _Lesson
    weighed: _Lesson | None
    """The first labels, by which settings prove themselves; None where none have to."""
    given: tuple[int, ...]
    """Labels of each class, those that are not learned from too."""


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
        self._rows: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        """Similarities of all examples to labelled ones, by place, shape (3, n); the ones used last
        stand last."""
        self._settings: dict[_Lesson, tuple[Setting, ...]] = {}
        """Those worth fitting, by what they were weighed by."""
        self._known: OrderedDict[_Plan, Estimates] = OrderedDict()

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
        plan = self._plan(pool, decisions, held, scanned)
        if plan is None:
            return None
        found = self._known.pop(plan, None)
        if found is None:
            found = self._estimates(pool, plan)
        self._known[plan] = found
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    def fit(
        self,
        pool: ScannedPool,
        decisions: Sequence[Decision],
        held: Sequence[ExampleId],
        scanned: Mapping[ExampleId, Capture],
    ) -> FittedReadout | None:
        """What the same labels say of any text; arguments as for `estimate`.

        Returns:
            None without labels, or where the scan kept no hidden states.
        """
        plan = self._plan(pool, decisions, held, scanned)
        if plan is None:
            return None
        readout = self._learned(pool, plan)
        texts = self._space.texts[_places(plan.taught.labels)]
        return FittedReadout(self._space, texts, readout, plan.taught.offsets)

    def _plan(
        self,
        pool: ScannedPool,
        decisions: Sequence[Decision],
        held: Sequence[ExampleId],
        scanned: Mapping[ExampleId, Capture],
    ) -> _Plan | None:
        """What is learned from some decisions on a pool; None where nothing can be."""
        if not pool.captures or not len(pool.captures[0].hidden):
            return None
        if pool is not self._pool:
            self._pool = pool
            self._space = PoolSpace(pool.captures, pool.sets)
            for kept in (self._rows, self._settings, self._known):
                kept.clear()
        place_of = pool.place_of
        given = [
            (until, (place_of[one.example_id], self._class_of[one.answer.text]))
            for until, one in enumerate(decisions, start=1)
            if one.kind is DecisionKind.LABEL and not one.check and one.answer is not None
            if one.example_id in place_of and one.answer.text in self._class_of
        ]
        if not given:
            return None

        def lesson(n: int) -> _Lesson:
            # what calibrates the answers is by the same labels, so that nothing later moves it
            offsets = self._calibrator.scan_offsets(decisions[: given[n - 1][0]], held, scanned)
            return _Lesson(tuple(label for _, label in given[:n][-_MOST_LABELS:]), offsets)

        n = len(given)
        if n > _EACH_UP_TO or self._has_many_classes:
            n = max(1, n - n % _STRIDE)
        weighed = None
        if n > _ALL_UP_TO and not self._has_many_classes:
            weighed = lesson(_n_weighed(n))
        classes = [label for _, (_, label) in given]
        counts = np.bincount(classes, minlength=len(self._class_of)).tolist()
        return _Plan(lesson(n), weighed, tuple(counts))

    def _learned(self, pool: ScannedPool, plan: _Plan) -> Readout:
        return self._learn(pool, plan.taught, self._worth_fitting(pool, plan))

    def _estimates(self, pool: ScannedPool, plan: _Plan) -> Estimates:
        readout = self._learned(pool, plan)
        labels, prior = plan.taught.labels, prior_mean(pool.scores, plan.taught.offsets)
        classes = np.array([label for _, label in labels])
        return Estimates(
            probabilities=readout.probabilities(self._similarities(_places(labels)), prior),
            given=np.array(plan.given),
            n_foretold=int((readout.left_out.argmax(axis=1) == classes).sum()),
            n_learned=len(classes),
        )

    @property
    def _has_many_classes(self) -> bool:
        return len(self._class_of) > _MANY_CLASSES

    def _worth_fitting(self, pool: ScannedPool, plan: _Plan) -> tuple[Setting, ...]:
        """The settings for a plan: all while labels are few, then those that have proved themselves
        on the first of them."""
        if self._has_many_classes:
            return ALONE
        if plan.weighed is None:
            return SETTINGS
        if plan.weighed not in self._settings:
            readout = self._learn(pool, plan.weighed, SETTINGS)
            pairs = zip(readout.settings, readout.shares, strict=True)
            worth = tuple(one for one, share in pairs if share >= _WORTH_FITTING)
            self._settings[plan.weighed] = worth
        return self._settings[plan.weighed]

    def _learn(self, pool: ScannedPool, lesson: _Lesson, settings: Sequence[Setting]) -> Readout:
        places = _places(lesson.labels)
        classes = np.array([label for _, label in lesson.labels])
        own = self._similarities(places)[:, places]
        return learn(own, classes, prior_mean(pool.scores[places], lesson.offsets), settings)

    def _similarities(self, places: Sequence[int]) -> Similarities:
        """Of all examples to some, by part, shape (3, n, k)."""
        texts = self._space.texts
        for place in places:
            if place not in self._rows:
                self._rows[place] = texts.similarities(texts[[place]])[:, :, 0]
            self._rows.move_to_end(place)
        found = np.stack([self._rows[place] for place in places], axis=1).transpose(0, 2, 1)
        while len(self._rows) > _MOST_LABELS + _EACH_UP_TO:
            self._rows.popitem(last=False)
        return found


def _n_weighed(n: int) -> int:
    """The first labels, of n, by which settings are weighed: more each time there are a quarter
    more."""
    weighed = _ALL_UP_TO
    while weighed * 5 // 4 <= min(n, _EACH_UP_TO):
        weighed = weighed * 5 // 4
    return weighed


def _places(labels: Labels) -> list[int]:
    return [place for place, _ in labels]
