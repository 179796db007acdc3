"""A strategy that begins on what is scanned: for thousands of examples that takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Decision, ExampleId
from neufs_tui.core.settings import SelectionSettings
from neufs_tui.selection.jaccard import NeuronSets
from neufs_tui.selection.memory import NOT_KEPT, Memory
from neufs_tui.selection.registry import load_strategy
from neufs_tui.selection.scanned_pool import Readings, ScannedPool
from neufs_tui.selection.strategy import SelectionState, Strategy

Built = tuple[ScannedPool, Strategy]


def scanned_pool(
    captures: Mapping[ExampleId, Capture],
    settings: SelectionSettings,
    *,
    device: str,
    memory: Memory = NOT_KEPT,
) -> ScannedPool:
    """A pool whose distances are computed on `device`."""

    def pack(sets: Sequence[NDArray[np.uint32]]) -> NeuronSets:
        packed = NeuronSets(sets)
        if not device.startswith("cuda"):
            return packed
        # torch takes seconds to import, and ranking what is scanned needs no model
        from neufs_tui.model.device_sets import on_device

        return on_device(packed, device)

    return ScannedPool(captures, raw_counts=settings.raw_counts, pack=pack, memory=memory)


def build(
    captures: Mapping[ExampleId, Capture],
    settings: SelectionSettings,
    *,
    device: str,
    memory: Memory = NOT_KEPT,
    decisions: Sequence[Decision] = (),
) -> Built:
    """A pool, and a strategy that has begun on it and knows the decisions so far."""
    pool = scanned_pool(captures, settings, device=device, memory=memory)
    pool.sets.gains(())  # the sets are packed here, whether or not the strategy needs them
    strategy = load_strategy(settings.strategy_name)
    state = SelectionState.at(Readings(pool), decisions, settings, settings.first_signal)
    strategy.query(state, 1)
    return pool, strategy


def beside(work: Callable[[], Built]) -> Future[Built]:
    """Do it on a thread of its own, which dies with the process."""
    building: Future[Built] = Future()

    def do() -> None:
        try:
            building.set_result(work())
        except Exception as error:  # raised again where the result is taken
            building.set_exception(error)

    Thread(target=do, name="strategy", daemon=True).start()
    return building
