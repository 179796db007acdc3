"""A fitted readout as arrays and JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neufs_tui.readout.estimate import Readout, Setting
from neufs_tui.readout.fitted import FittedReadout
from neufs_tui.readout.similarity import HeldTexts, Space
from neufs_tui.selection.jaccard import NeuronSets

VERSION = 1
"""Raised whenever the same arrays would say something else."""

Arrays = Mapping[str, NDArray[Any]]


def arrays_of(fitted: FittedReadout) -> dict[str, NDArray[Any]]:
    """Every array of a readout, by name.

    Returns:
        Of its space `centre` and `scale` (2, 1, 256), `neurons` and their `levels` (columns,); of
        the k labelled texts `hidden` (2, k, 256), `bits` (k, words) and `left_out` (k, n_labels);
        of the settings `shares` (settings,) and `weights` (settings, k, n_labels); `offsets`
        (n_labels,), or (0,) where nothing is calibrated.
    """
    space, labelled, readout = fitted.space, fitted.labelled, fitted.readout
    return {
        "centre": space.centre,
        "scale": space.scale,
        "neurons": space.columns.occurring,
        "levels": space.levels,
        "hidden": labelled.hidden,
        "bits": labelled.bits,
        "shares": readout.shares,
        "weights": readout.weights,
        "left_out": readout.left_out,
        "offsets": np.array(fitted.offsets or (), dtype=np.float64),
    }


def settings_json(fitted: FittedReadout) -> list[dict[str, Any]]:
    """The settings, in the order of the arrays' first axis."""
    return [asdict(one) for one in fitted.readout.settings]


def fitted_from(arrays: Arrays, settings: list[dict[str, Any]]) -> FittedReadout:
    """The readout that arrays and settings are of.

    Raises:
        KeyError: an array or a part of a setting is not there.
    """
    columns = NeuronSets([arrays["neurons"]])
    space = Space(arrays["centre"], arrays["scale"], columns, arrays["levels"])
    return FittedReadout(
        space=space,
        labelled=HeldTexts(space, arrays["hidden"], arrays["bits"]),
        readout=Readout(
            settings=tuple(Setting(tuple(one["parts"]), one["strength"]) for one in settings),
            shares=arrays["shares"],
            weights=arrays["weights"],
            left_out=arrays["left_out"],
        ),
        offsets=tuple(arrays["offsets"].tolist()) or None,
    )
