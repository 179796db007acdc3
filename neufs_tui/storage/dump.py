"""What was captured, as plain NumPy arrays in one `.npz` file (docs/method.md lists them)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neufs_tui.atomic import whole_files
from neufs_tui.core.model_shape import ModelShape
from neufs_tui.core.neuron_place import NeuronPlace
from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Example
from neufs_tui.errors import UsageError


def write_dump(
    path: Path,
    *,
    examples: Sequence[Example],
    captures: Sequence[Capture],
    label_names: Sequence[str],
    shape: ModelShape,
    meta: Mapping[str, str],
) -> None:
    """Write captures through a temporary file, so that a half-written one never has the name.

    Args:
        path: the file to write, replaced when it is there.
        examples: in the order of the arrays.
        captures: one for each example.
        label_names: the candidates, in the order of the scores.
        shape: how the model's neurons are laid out.
        meta: model, fingerprint, settings …, kept as JSON.

    Raises:
        UsageError: the file cannot be written there.
    """
    arrays = dump_arrays(examples, captures, label_names, shape, meta)
    try:
        with whole_files(path) as (part,), part.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="name a file in another folder"
        ) from error


def dump_arrays(
    examples: Sequence[Example],
    captures: Sequence[Capture],
    label_names: Sequence[str],
    shape: ModelShape,
    meta: Mapping[str, str],
) -> dict[str, NDArray[np.generic]]:
    """The arrays by name; the neurons of example r are `offset[r]:offset[r + 1]`."""
    answers = [capture.answer for capture in captures]
    sizes = [len(capture.neurons) for capture in captures]
    neuron = np.concatenate([np.empty(0, np.uint32), *(c.neurons for c in captures)])
    occurring, column = np.unique(neuron, return_inverse=True)
    places = [shape.place(int(one)) for one in occurring]
    scores = np.array([capture.scores for capture in captures], dtype=np.float32)
    return {
        "id": np.array([str(example.stable_id) for example in examples], dtype=np.str_),
        "hash": np.array([example.id for example in examples], dtype=np.str_),
        "label_names": np.array(label_names, dtype=np.str_),
        "scores": scores.reshape(len(captures), len(label_names)),
        "answer": np.array(answers, dtype=np.int64),
        "answer_name": np.array([label_names[answer] for answer in answers], dtype=np.str_),
        "neuron_count": np.array([c.neuron_count for c in captures], dtype=np.int64),
        "n_answer_tokens": np.array([c.n_answer_tokens for c in captures], dtype=np.int64),
        "nucleus": np.array([c.nucleus for c in captures], dtype=np.int64),
        "participation": np.array([c.participation for c in captures], dtype=np.float64),
        "offset": np.cumsum([0, *sizes], dtype=np.int64),
        "neuron": neuron.astype(np.uint32),
        "layer": np.array([one.layer for one in places], dtype=np.uint16)[column],
        "ffn": np.array([one.ffn for one in places], dtype=np.uint8)[column],
        "expert": np.array([_expert(one) for one in places], dtype=np.int32)[column],
        "index": np.array([one.index for one in places], dtype=np.uint32)[column],
        "contribution": np.concatenate(
            [np.empty(0, np.float16), *(c.contributions for c in captures)]
        ),
        "hidden": np.array([c.hidden for c in captures], dtype=np.float16),
        "n_layers": np.array(shape.n_layers),
        "layer_offset": shape.offsets,
        "shape_json": np.array(shape.to_text()),
        "meta_json": np.array(json.dumps(dict(meta), ensure_ascii=False)),
    }


def _expert(place: NeuronPlace) -> int:
    """The routed expert of a neuron; −1 for an FFN that every token passes."""
    return -1 if place.expert is None else place.expert
