"""Choosing by one label: the likeliest examples of it first, and those that are all but certain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.settings import CERTAIN
from neufs_tui.selection.jaccard import Indices
from neufs_tui.selection.strategy import Choice, SelectionState

_NEAR = 0.1
"""Jaccard distance up to which an example says what a decided one has said."""
_LOOKED_AT = 64
"""The likeliest examples, of which those that near a decided one come last."""


class Hunt:
    """A strategy: the undecided examples by the probability of one label."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        """Bind the label.

        Args:
            name: the label that is hunted for.
            names: of all labels, in their order.
        """
        self.name = name
        self._label = names.index(name)

    def query(self, state: SelectionState, n: int) -> Sequence[Choice]:
        """The likeliest examples, by her labels where these tell, else as the model answers.

        Of the first of them those whose neuron set is nearly that of a decided example come behind
        the others. Ties go to the earlier place.
        """
        probabilities = state.readings.estimates
        if probabilities is None:
            probabilities = state.probabilities
        of_label = probabilities[:, self._label]
        undecided = state.undecided
        likeliest = undecided[np.argsort(-of_label[undecided], kind="stable")]
        first = likeliest[:_LOOKED_AT]
        repeats = _repeats(state, first)
        ranked = np.concatenate([first[~repeats], first[repeats], likeliest[_LOOKED_AT:]])
        return [Choice(place=int(at), score=float(of_label[at])) for at in ranked[:n]]


def certain(
    estimates: NDArray[np.float64], is_open: Indices, label: int | None
) -> tuple[int | None, Indices]:
    """The examples whose label is all but certain.

    Args:
        estimates: label probabilities by the annotator's labels, shape (n, n_labels).
        is_open: places that may be suggested, ascending.
        label: the label's place in the task; None is the one with the most such examples, which
            is None where nothing is certain.

    Returns:
        The label, and the places, the surest first, ties in their order.
    """
    is_certain = estimates[is_open] >= CERTAIN  # (n_open, n_labels)
    if label is None:
        if not is_certain.any():
            return None, is_open[:0]
        label = int(np.argmax(is_certain.sum(axis=0)))
    places = is_open[is_certain[:, label]]
    return label, places[np.argsort(-estimates[places, label], kind="stable")]


def _repeats(state: SelectionState, places: Indices) -> NDArray[np.bool_]:
    """Which of some examples say what a decided one has said."""
    decided = np.array([place for place, _ in state.decisions], dtype=np.intp)
    if not len(decided) or not len(places):
        return np.zeros(len(places), dtype=bool)
    near: NDArray[np.bool_] = state.sets.distances(places, decided).min(axis=1) <= _NEAR
    return near
