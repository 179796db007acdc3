"""Captures ↔ rows of the activation cache: about four bytes for each neuron kept.

The flat ids of a set ascend, so they are stored as how many neurons each layer has and each
one's number inside its layer, little-endian, in two bytes where the layers are narrow enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.model_shape import ModelShape
from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.core.records import ExampleId
from neufs_tui.storage.cache_file import DamagedRows

COLUMNS = {
    "id": str,
    "answer": int,
    "scores": bytes,
    "layer_counts": bytes,
    "indices": bytes,
    "contributions": bytes,
    "neuron_count": int,
    "n_answer_tokens": int,
    "nucleus": int,
    "participation": float,
    "truncated": int,
    "hidden": bytes,
}
"""Names and types, in the order of a row."""

Row = tuple[ExampleId, int, bytes, bytes, bytes, bytes, int, int, int, float, int, bytes]

_NARROW, _WIDE = np.dtype("<u2"), np.dtype("<u4")
_SCORE, _CONTRIBUTION, _HIDDEN = np.dtype("<f4"), np.dtype("<f2"), np.dtype("<f2")


class CaptureRows:
    """Writes and reads captures of one model."""

    def __init__(self, shape: ModelShape) -> None:
        """Bind how the model's neurons are laid out."""
        self._shape = shape
        self._offsets = shape.offsets[:-1].astype(np.uint32)
        widest = int(np.diff(shape.offsets).max(initial=0))
        # A full layer's count is its width itself, so that number must fit too
        self._integer = _NARROW if widest <= np.iinfo(_NARROW).max else _WIDE

    def encode(self, example_id: ExampleId, capture: Capture) -> Row:
        """One capture as a row."""
        layers = self._shape.layers_of(capture.neurons)
        indices = capture.neurons - self._offsets[layers]
        counts = np.bincount(layers, minlength=self._shape.n_layers)
        return (
            example_id,
            capture.answer,
            capture.scores.astype(_SCORE).tobytes(),
            counts.astype(self._integer).tobytes(),
            indices.astype(self._integer).tobytes(),
            capture.contributions.astype(_CONTRIBUTION).tobytes(),
            capture.neuron_count,
            capture.n_answer_tokens,
            capture.nucleus,
            capture.participation,
            int(capture.truncated),
            capture.hidden.astype(_HIDDEN).tobytes(),
        )

    def decode(self, rows: Sequence[Row]) -> Iterator[tuple[ExampleId, Capture]]:
        """Many rows as captures, in the same order; the arrays of a call share their memory.

        Raises:
            DamagedRows: the rows are not of this model, or damaged.
        """
        if not rows:
            return
        try:
            yield from self._decode(rows)
        except ValueError as error:
            raise DamagedRows(f"its rows make no sense: {error}") from error

    def _decode(self, rows: Sequence[Row]) -> Iterator[tuple[ExampleId, Capture]]:
        ids, answers, scores, layer_counts, indices, contributions, *numbers, hidden = zip(
            *rows, strict=True
        )
        counts = _joined(layer_counts, self._integer).astype(np.int64)
        counts = counts.reshape(len(rows), self._shape.n_layers)
        first = np.repeat(np.tile(self._offsets, len(rows)), counts.ravel())
        inside = _joined(indices, self._integer).astype(np.uint32)
        strengths = _joined(contributions, _CONTRIBUTION).astype(np.float16)
        if not len(first) == len(inside) == len(strengths):
            raise ValueError(f"{len(inside)} neurons with {len(strengths)} contributions")
        neurons = first + inside
        means = _joined(scores, _SCORE).astype(np.float32).reshape(len(rows), -1)
        states = _joined(hidden, _HIDDEN).astype(np.float16)
        states = states.reshape(len(rows), -1, HIDDEN_DIMENSIONS)
        ends = counts.sum(axis=1).cumsum().tolist()
        for place, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            count, length, nucleus, participation, truncated = (column[place] for column in numbers)
            yield (
                ids[place],
                Capture(
                    answer=answers[place],
                    scores=means[place],
                    neurons=neurons[start:end],
                    contributions=strengths[start:end],
                    neuron_count=count,
                    n_answer_tokens=length,
                    nucleus=nucleus,
                    participation=participation,
                    hidden=states[place],
                    truncated=bool(truncated),
                ),
            )


def _joined(blobs: Sequence[bytes], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    return np.frombuffer(b"".join(blobs), dtype=dtype)
