"""What a pick says of its example: the model's answer, and the numbers that chose it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import Offsets
from neufs_tui.core.neurons import Capture, shifted, softmax
from neufs_tui.core.records import HUNT, ExampleId, Pick, Reason
from neufs_tui.selection.strategy import Choice, SelectionState


def answered(
    example_id: ExampleId,
    names: Sequence[str],
    scanned: Capture,
    reread: Capture | None,
    offsets: Offsets,
) -> Pick:
    """An example with the model's answer as it was read last.

    Args:
        example_id: the example.
        names: of the labels.
        scanned: what was read without demonstrations.
        reread: what was read with the present ones; None while it is not.
        offsets: what calibrates both.
    """
    capture = reread or scanned
    shift = offsets.reread if reread else offsets.scanned
    return Pick(
        example_id=example_id,
        reason=None,
        answer=names[capture.answer_with(shift)],
        probabilities=by_name(names, softmax(shifted(capture.scores, shift))),
        n_scanned=0,
        n_labelled=0,
        truncated=scanned.truncated,
        scan_answer=names[scanned.answer_with(offsets.scanned)],
        scores=by_name(names, capture.scores),
        scan_scores=by_name(names, scanned.scores),
        calibrated=shift is not None,
    )


def reason_of(
    state: SelectionState, choice: Choice, names: Sequence[str], hunted: str | None = None
) -> Reason:
    """The numbers that made a strategy choose an example, or the hunt for a label."""
    return Reason(
        neighbourhood=choice.n_among,
        neuron_count=int(state.difficulty.numbers["count"][choice.place]),
        distance=choice.distance,
        score=choice.score or 0.0,
        signal=choice.signal or state.signal,
        n_farther=choice.n_farther,
        n_easier=choice.n_easier,
        n_demonstrations=choice.n_demonstrations,
        strategy=state.settings.strategy_name if hunted is None else HUNT,
        seed=state.settings.seed,
        label=hunted if choice.label is None else names[choice.label],
        likely=choice.likely,
        n_unlikelier=choice.n_unlikelier,
    )


def by_name(names: Sequence[str], numbers: NDArray[np.floating]) -> dict[str, float]:
    """Numbers of the labels, by their names."""
    return dict(zip(names, map(float, numbers), strict=True))
