"""The contract of a strategy: what it may know of a pool, and what it answers.

A strategy is a function of the state. It may remember what it has worked out, so long as equal
states give equal choices, whatever it was asked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.records import Decision, DecisionKind, ExampleId
from neufs_tui.core.settings import SelectionSettings, Signal
from neufs_tui.selection.class_balance import Needs, needs
from neufs_tui.selection.difficulty import Difficulty, SignalValues
from neufs_tui.selection.jaccard import Indices, NeuronSets
from neufs_tui.selection.scanned_pool import Readings


@dataclass(frozen=True, slots=True)
class Choice:
    """One candidate for the next label, and what speaks for it as far as it is known."""

    place: int
    """In the state's `ids`."""
    score: float | None = None
    """What ranks it, larger is better: in its cluster, in [0, 1], or an entropy in nats; None
    where no number does."""
    n_among: int = 0
    """Examples it stands for or is compared with, itself among them; 0 for none."""
    distance: float = 0.0
    """Jaccard distance to its nearest medoid."""
    n_farther: int = 0
    """Of them, those farther from the medoid; 0 where that has no weight."""
    n_easier: int = 0
    """Of them, those less hard by `signal`; 0 where that has no weight."""
    signal: Signal | None = None
    """The difficulty signal in the score; None where there is none."""
    n_demonstrations: int = 0
    """Labels in the prompt with which that signal was read."""
    medoid: int | None = None
    """Place of the medoid of its cluster; None where there is no cluster."""
    likely: float = 0.0
    """Probability that it is of a class that lacks labels, each class counted by how much it
    lacks; 0 where that has no weight."""
    n_unlikelier: int = 0
    """Of those it stands for, the ones less likely to be of such a class; 0 where that has no
    weight."""
    label: int | None = None
    """The class that says most of that; None where none does."""


@dataclass(frozen=True, slots=True)
class SelectionState:
    """All that choosing may depend on; places count from 0 in `ids`, n of them."""

    readings: Readings
    """The pool, as it was read last."""
    decisions: tuple[tuple[int, Decision], ...]
    """What was decided of these examples and holds, in order, each with its place."""
    settings: SelectionSettings
    """The seed among them."""
    signal: Signal
    """The difficulty signal to go by."""

    @classmethod
    def at(
        cls,
        readings: Readings,
        decisions: Iterable[Decision],
        settings: SelectionSettings,
        signal: Signal,
    ) -> SelectionState:
        """The state behind some decisions, less those on examples that are not scanned."""
        place_of = readings.pool.place_of
        known = ((place_of[d.example_id], d) for d in decisions if d.example_id in place_of)
        return cls(readings, tuple(known), settings, signal)

    @property
    def ids(self) -> tuple[ExampleId, ...]:
        """The scanned examples in the order of content hashes, whatever that of the rows is."""
        return self.readings.pool.ids

    @property
    def sets(self) -> NeuronSets:
        """Neuron sets of the scan."""
        return self.readings.pool.sets

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The model's label probabilities as it was read last, shape (n, n_labels)."""
        return self.readings.probabilities

    @property
    def n_demonstrations(self) -> Indices:
        """Labels in the prompt with which each was read, shape (n,)."""
        counts = np.zeros(len(self.ids), dtype=np.intp)
        counts[self.readings.places] = self.readings.n_demonstrations
        return counts

    @property
    def difficulty(self) -> Difficulty:
        """What each signal says of the pool as it was read last."""
        return self.readings.difficulty

    def by(self, signal: Signal) -> SignalValues:
        """What one signal says, and with how many demonstrations each example was read."""
        return self.difficulty.by(signal, self.readings.n_demonstrations)

    @property
    def needs(self) -> Needs | None:
        """What classes lack; None where that is not known, or no class lacks any."""
        readings = self.readings
        if not self.settings.balance or readings.estimates is None or readings.given is None:
            return None
        return needs(readings.estimates, readings.given)

    @property
    def labelled(self) -> tuple[int, ...]:
        """Places of the labelled examples, in labelling order."""
        return tuple(at for at, one in self.decisions if one.kind is DecisionKind.LABEL)

    @property
    def repeats(self) -> NDArray[np.bool_]:
        """Whether each example says again what a labelled one has said, shape (n,)."""
        return self.readings.pool.repeats.of(self.labelled)

    @property
    def undecided(self) -> Indices:
        """Places that may be chosen, ascending."""
        is_open = np.ones(len(self.ids), dtype=bool)
        is_open[[place for place, _ in self.decisions]] = False
        return np.flatnonzero(is_open)


class Strategy(Protocol):
    """A rule that chooses what is labelled next."""

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """The undecided examples to label next, best first.

        Args:
            state: all that the choice may depend on.
            n: examples wanted.

        Returns:
            n different ones, or all undecided ones where they are fewer.
        """
