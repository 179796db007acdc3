"""Incremental selection: labelled examples are fixed medoids, the rest is clustered beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from neufs_tui.selection.batch import in_rounds
from neufs_tui.selection.class_balance import Needs
from neufs_tui.selection.difficulty import SignalValues
from neufs_tui.selection.geometry import Geometry, Labelling
from neufs_tui.selection.strategy import Choice, SelectionState

Labelled = tuple[int, ...]
"""Places labelled, in order."""

_REMEMBERED = 8
"""Geometries kept, for looking ahead, undo and redo."""


class Neufs:
    """NeuFS as its labels come in: each label changes what is chosen next.

    Source: Chen et al., NeuFS, for the score in a cluster; the rest is this project's own.
    """

    def __init__(self) -> None:
        """Begin without a geometry; the last ones of the last pool are remembered."""
        self._labelling: Labelling | None = None
        self._settings: tuple[int, int] | None = None
        self._geometries: dict[Labelled, Geometry] = {}
        """The one used last stands last."""

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """The best candidates of each free cluster in turn, then what the labels cover.

        What says again what a labelled example has said comes behind all others.
        """
        is_open = np.zeros(len(state.ids), dtype=bool)
        is_open[state.undecided] = True
        difficulty, needs = state.by(state.signal), state.needs
        fresh, geometry, tau = is_open & ~state.repeats, self.geometry(state), state.settings.tau
        choices = ranking(geometry, n, difficulty, fresh, tau=tau, needs=needs)
        if len(choices) < n:
            again, left = is_open & ~fresh, n - len(choices)
            choices += ranking(geometry, left, difficulty, again, tau=tau, needs=needs)
        if needs is None:
            return choices
        return [
            replace(
                one,
                likely=float(needs.likely[one.place]),
                label=int(needs.by_class[one.place].argmax()),
            )
            for one in choices
        ]

    def geometry(self, state: SelectionState) -> Geometry:
        """What the state's labels have made of the pool, from the nearest geometry remembered."""
        labelling, labelled = self._follow(state), state.labelled
        geometry = self._geometries.pop(labelled, None)
        if geometry is None:
            geometry = self._nearest(labelled)
            n_common = _n_common(geometry.labelled, labelled)
            while len(geometry.labelled) > n_common:
                geometry = labelling.before(geometry)
            for place in labelled[n_common:]:
                geometry = labelling.after(geometry, place)
            labelling.keep(geometry)
        self._geometries[labelled] = geometry
        while len(self._geometries) > _REMEMBERED:
            del self._geometries[next(iter(self._geometries))]
        return geometry

    def _nearest(self, labelled: Labelled) -> Geometry:
        """The one from which the fewest labels have to be added, then taken back."""
        return max(
            self._geometries.values(),
            key=lambda one: (_n_common(one.labelled, labelled), -len(one.labelled)),
        )

    def _follow(self, state: SelectionState) -> Labelling:
        """The rules on the state's pool; on another one, geometries begin anew."""
        settings = (state.settings.shots, state.settings.seed)
        labelling = self._labelling
        if labelling is None or labelling.sets is not state.sets or self._settings != settings:
            shots, seed = self._settings = settings
            memory = state.readings.pool.memory
            self._labelling = labelling = Labelling(
                state.sets, shots=shots, seed=seed, memory=memory
            )
            begun = labelling.start()
            self._geometries = {(): begun}
            if (kept := labelling.kept()) is not None:
                self._geometries[kept.labelled] = kept
        return labelling


def ranking(
    geometry: Geometry,
    limit: int,
    difficulty: SignalValues,
    is_open: NDArray[np.bool_],
    *,
    tau: float,
    needs: Needs | None = None,
) -> list[Choice]:
    """The best candidates, best first, `limit` of them where there are as many.

    The free clusters come in turn, the one with the most uncovered mass Σ d_L(x) first: first the
    best of each cluster, by the paper's score, then the second of each, and so on. While a class
    lacks labels, what counts is Σ d_L(x) · likely(x) / √n over the n members: how likely they are
    to be of it, and small clusters more, where a class that few texts have is found. Candidates
    nearer to a labelled example than to any free medoid follow, the farthest from a label first.
    Ties go to the earlier place.

    Args:
        geometry: what the labels have made of n examples.
        limit: candidates wanted.
        difficulty: Q(x) as it is known by now, comparable across examples.
        is_open: whether an example may be chosen, shape (n,).
        tau: weight of difficulty against typicality.
        needs: what classes lack; None where that does not matter.
    """
    clustering = geometry.clustering
    likely = None if needs is None else needs.likely

    def uncovered(cluster: int) -> float:
        members = clustering.members(cluster)
        mass = geometry.label_distances[members]
        if likely is None:
            return float(mass.sum())
        return float((mass * likely[members]).sum() / np.sqrt(len(members)))

    clusters = range(clustering.n_fixed, len(clustering.medoids))
    ranked = in_rounds(
        clustering,
        sorted(clusters, key=uncovered, reverse=True),
        difficulty,
        is_open,
        tau=tau,
        limit=limit,
        needs=needs,
    )
    if len(ranked) < limit:
        covered = np.flatnonzero(is_open & (clustering.labels < clustering.n_fixed))
        farthest = np.argsort(-geometry.label_distances[covered], kind="stable")
        covered = covered[farthest[: limit - len(ranked)]]
        ranked.extend(
            Choice(place=int(place), distance=float(clustering.distances[place]))
            for place in covered
        )
    return ranked


def _n_common(one: Labelled, other: Labelled) -> int:
    """How many labels two sequences begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
