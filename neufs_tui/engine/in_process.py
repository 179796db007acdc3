"""The engine's work for commands without a screen, in their own process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neufs_tui.core.explanation import Explanation
from neufs_tui.core.model_shape import ModelShape
from neufs_tui.core.neurons import Capture
from neufs_tui.core.prompts import PROMPT_DATE
from neufs_tui.core.records import Decision, Example, ExampleId
from neufs_tui.core.settings import Signal
from neufs_tui.engine.announcer import Announcer, Listener
from neufs_tui.engine.building import scanned_pool
from neufs_tui.engine.kept_selection import KeptSelection
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.protocol import (
    EngineConfig,
    ModelReady,
)
from neufs_tui.errors import SelectionError
from neufs_tui.model.loading.catalogue import EmbeddedModel
from neufs_tui.selection.registry import load_strategy
from neufs_tui.selection.scanned_pool import Readings
from neufs_tui.selection.strategy import Choice, SelectionState
from neufs_tui.storage.dump import write_dump

if TYPE_CHECKING:
    from neufs_tui.engine.scanning import Scanner


@dataclass(frozen=True, slots=True)
class Scanned:
    """A pool that is wholly captured."""

    captures: Mapping[ExampleId, Capture]
    model: ModelReady
    shape: ModelShape


def scan_pool(config: EngineConfig, listener: Listener) -> Scanned:
    """Capture a whole pool; what an earlier scan stored is not read again.

    Args:
        config: pool, task and model.
        listener: hears stages and progress.
    """
    scanned, _ = _scan(config, listener)
    return scanned


def explain_example(
    config: EngineConfig, example_id: ExampleId, decisions: Sequence[Decision], listener: Listener
) -> Explanation:
    """Why one example, by the labels that hold; scans what is not scanned yet.

    Args:
        config: pool, task and model.
        example_id: an example of the pool.
        decisions: what holds, in order.
        listener: hears stages and progress.
    """
    from neufs_tui.engine.explaining import Explainer

    _, scanner = _scan(config, listener)
    *_, explanation = Explainer(config, scanner).explain(example_id, decisions)
    assert explanation is not None  # the whole pool is scanned
    return explanation


def _scan(config: EngineConfig, listener: Listener) -> tuple[Scanned, Scanner]:
    from neufs_tui.engine.scanning import Scanner, ready

    loaded = NeededModel(config, listener).loaded
    scanner = Scanner(config, loaded)
    Announcer(listener).notice(scanner.notices)
    try:
        for progress in scanner.run():
            listener(progress)
    finally:
        scanner.close()
    scanned = Scanned(captures=scanner.captures, model=ready(loaded), shape=scanner.shape)
    return scanned, scanner


@dataclass(frozen=True, slots=True)
class Selected:
    """One example that a strategy selected."""

    example: Example
    medoid: Example | None
    """The medoid of its cluster; None where there are no clusters."""
    choice: Choice
    neuron_count: int
    signal: Signal
    """The difficulty signal that chose it, else the one that was asked for."""
    difficulty: float
    """By that signal, in standard deviations among what it can be compared with."""
    answer: str
    """The model's own answer."""


def select_pool(config: EngineConfig, scanned: Scanned) -> tuple[Selected, ...]:
    """What the selection's strategy chooses first from a captured pool, without any label.

    Returns:
        Exactly as many examples as the selection's shots, best first.

    Raises:
        SelectionError: the pool holds fewer examples than that.
    """
    settings = config.selection
    if len(scanned.captures) < settings.shots:
        raise SelectionError(
            f"{settings.shots} examples are wanted and {len(scanned.captures)} are there to "
            "choose from",
            hint="ask for fewer with --shots, or scan more of the pool",
        )
    memory = KeptSelection(config.cache_dir / "clusterings")
    pool = scanned_pool(scanned.captures, settings, device=scanned.model.device, memory=memory)
    state = SelectionState(Readings(pool), (), settings, settings.first_signal)
    choices = load_strategy(settings.strategy_name).query(state, settings.shots)
    examples = {example.id: example for example in config.examples}
    selected = []
    for choice in choices:
        example, signal = examples[pool.ids[choice.place]], choice.signal or state.signal
        medoid = examples[pool.ids[choice.medoid]] if choice.medoid is not None else None
        selected.append(
            Selected(
                example=example,
                medoid=medoid,
                choice=choice,
                neuron_count=int(pool.difficulty.numbers["count"][choice.place]),
                signal=signal,
                difficulty=float(pool.difficulty.values[signal][choice.place]),
                answer=config.task.label_names[scanned.captures[example.id].answer],
            )
        )
    return tuple(selected)


def dump_captures(path: Path, config: EngineConfig, scanned: Scanned) -> None:
    """Write what was captured, in pool order, as NumPy arrays."""
    write_dump(
        path,
        examples=config.examples,
        captures=[scanned.captures[example.id] for example in config.examples],
        label_names=config.task.label_names,
        shape=scanned.shape,
        meta={
            "model": scanned.model.name,
            "fingerprint": scanned.model.fingerprint,
            "device": scanned.model.device,
            "dtype": scanned.model.dtype,
            "capture": repr(config.capture),
            "prompt_date": PROMPT_DATE.isoformat(),
        },
    )


def fetch_model(model: EmbeddedModel, models_dir: Path, listener: Listener) -> Path:
    """Fetch and unpack an embedded model; returns its folder."""
    from neufs_tui.model.loading.embedded import fetch

    return fetch(model, models_dir, Announcer(listener))
