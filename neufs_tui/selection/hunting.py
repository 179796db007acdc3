"""Choosing by one label: the likeliest examples of it first, and those that are all but certain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.settings import CERTAIN
from neufs_tui.selection.jaccard import Indices
from neufs_tui.selection.strategy import Choice, SelectionState


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

        What says again what a labelled example has said comes behind all others. Ties go to the
        earlier place.
        """
        probabilities = state.readings.estimates
        if probabilities is None:
            probabilities = state.probabilities
        of_label = probabilities[:, self._label]
        undecided = state.undecided
        likeliest = undecided[np.argsort(-of_label[undecided], kind="stable")]
        repeats = state.repeats[likeliest]
        ranked = np.concatenate([likeliest[~repeats], likeliest[repeats]])
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
