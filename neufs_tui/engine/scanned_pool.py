"""The examples scanned by some moment, as arrays, and the selection that begins on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.selection.difficulty import Difficulty, reread_difficulty, scan_difficulty
from neufs_tui.selection.incremental import Geometry, IncrementalSelection
from neufs_tui.selection.jaccard import NeuronSets


class ScannedPool:
    """The examples scanned so far, as arrays; places count in the order of content hashes."""

    def __init__(
        self,
        captures: Mapping[ExampleId, Capture],
        settings: SelectionSettings,
        *,
        device: str = "cpu",
    ) -> None:
        """Take the captures as they are now; distances are computed on `device`."""
        self.ids = sorted(captures)
        self.place_of = {example_id: place for place, example_id in enumerate(self.ids)}
        ordered = [captures[example_id] for example_id in self.ids]
        self.sets = NeuronSets([capture.neurons for capture in ordered])
        if device.startswith("cuda"):
            # torch takes seconds to import, and ranking what is scanned needs no model
            from neufs_tui.model.device_sets import on_device

            self.sets = on_device(self.sets, device)
        self.difficulty = scan_difficulty(ordered, raw_counts=settings.raw_counts)

    def reread(self, readings: Mapping[ExampleId, Capture]) -> Difficulty:
        """The difficulty once some examples were read with demonstrations."""
        known = sorted(self.place_of[one] for one in readings if one in self.place_of)
        captures = [readings[self.ids[place]] for place in known]
        return reread_difficulty(self.difficulty, np.array(known, dtype=np.intp), captures)


Built = tuple[ScannedPool, IncrementalSelection, Geometry]


def build(
    captures: Mapping[ExampleId, Capture], settings: SelectionSettings, *, device: str
) -> Built:
    """A geometry without decisions; for thousands of examples it takes seconds."""
    pool = ScannedPool(captures, settings, device=device)
    selection = IncrementalSelection(
        pool.sets,
        shots=settings.shots,
        tau=settings.tau,
        seed=settings.seed,
    )
    return pool, selection, selection.start()
