"""Does the way in which a model is read give what plain passes give?

What a family's code makes of masks, caches, padding and positions shows on a small copy of the
model in float32, where any difference beyond rounding is a fault. On the model itself a cached
prefix in bfloat16 changes a log-probability by tenths without any fault.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import ModelError
from neufs_tui.model.answers import build_answer_tree
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.layer_layout import layer_layouts
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.loading.ffn_check import Differs, check_arrival
from neufs_tui.model.loading.proposals import refuse_unnamed
from neufs_tui.model.loading.small_config import ROPE_SWITCH, WINDOW
from neufs_tui.model.loading.small_copy import small_copy
from neufs_tui.model.reading import Reader
from neufs_tui.model.ways import Ways, find_ways

logger = logging.getLogger(__name__)

STRUCTURE_BOUND = 1e-4
"""Of log-probabilities in nats, and of activations relative to the largest, in float32."""
_CHUNK = 8
"""Tokens read in one pass of the check, so that a short prompt takes several."""
_SHARED = 18
"""Tokens that the check's prompts begin with alike."""
_CANDIDATES = ((5, 6, 7), (5, 6, 8), (9,))
"""Two of them begin alike."""
_LENGTHS = (22, 27, WINDOW + 1, ROPE_SWITCH + 6, *(2 * WINDOW + n for n in (1, 3, 5)))
"""Of the prompts: two inside every window, one just beyond, one beyond LongRoPE's switch too, and
some far beyond both: one alone may not show what a layer leaves out."""


def check_structure(loaded: LoadedModel) -> Ways:
    """Prove on a small copy how the model may be read.

    Args:
        loaded: the model.

    Returns:
        The fastest ways that give what plain passes give.

    Raises:
        UnnamedFfn: it has a part that looks like an FFN and is not among them.
        ModelError: no way does, or what an FFN writes arrives otherwise.
    """
    family = loaded.model.config.model_type
    try:
        small = small_loaded(loaded)
    except ValueError as error:
        raise ModelError(
            f"whether {family} is read rightly cannot be checked: {error}: {error.__cause__}",
            hint=_HINT,
        ) from error
    try:
        refuse_unnamed(small, loaded.architecture.layers, _HINT)
        check_arrival(small)
    except ModelError:
        raise
    except Differs as error:
        raise ModelError(f"{family} cannot be read rightly: {error}", hint=_HINT) from error
    # What only looks like an FFN may fail in any way where it is taken for one
    except Exception as error:
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ModelError(f"{family} cannot be read rightly: {told}", hint=_HINT) from error
    slower = replace(loaded.ways, tree=False)
    failure: Differs | None = None
    for ways in dict.fromkeys((loaded.ways, slower, replace(slower, alone=True))):
        small_ways = replace(small.ways, tree=ways.tree, alone=ways.alone)
        try:
            _compare(replace(small, ways=small_ways))
        except Differs as error:
            logger.warning("%s: %s: %s", family, ways, error)
            failure = error
        else:
            logger.info("%s: %s", family, ways)
            return ways
    raise ModelError(f"{family} cannot be read rightly: {failure}", hint=_HINT)


_HINT = "use another model, and report the family with the versions of transformers and torch"


def small_loaded(loaded: LoadedModel) -> LoadedModel:
    """A small copy of a model, as if it had been loaded.

    Raises:
        ValueError: none can be built.
    """
    model = small_copy(loaded.model, loaded.architecture.layers)
    return replace(
        loaded,
        model=model,
        architecture=find_architecture(model, loaded.architecture.proposed),
        device="cpu",
        dtype="float32",
        pad_id=0,
        ways=find_ways(model.config, WINDOW * 8),
    )


def _compare(small: LoadedModel) -> None:
    """Read prompts of several lengths as they will be read, and by plain passes.

    Raises:
        Differs: scores or activations are others.
    """
    answers = build_answer_tree(_CANDIDATES)
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(10, 250, (len(_LENGTHS), max(_LENGTHS)), generator=generator)
    tokens[:, :_SHARED] = tokens[0, :_SHARED]
    prompts = [tuple(row[:length].tolist()) for row, length in zip(tokens, _LENGTHS, strict=True)]
    plain = Reader(small, answers, CaptureSettings(), way="plain")
    with torch.inference_mode():
        expected = _values(small, plain, prompts)
        for prefix in (prompts[0][:_SHARED], ()):
            reader = Reader(small, answers, CaptureSettings(), chunk=_CHUNK)
            try:
                reader.share(prefix)
                found = _values(small, reader, prompts)
            # Code that was not made for a mask, a cache or padding may fail in any way on it
            except Exception as error:
                raise Differs(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
            for what, one, other in zip(("scores", "activations"), found, expected, strict=True):
                scale = 1.0 if what == "scores" else float(other.abs().max())
                difference = float((one - other).abs().max()) / scale
                if not difference <= STRUCTURE_BOUND:
                    raise Differs(f"{what} differ by {difference:.2g} from those of plain passes")


def _values(
    small: LoadedModel, reader: Reader, prompts: Sequence[tuple[int, ...]]
) -> tuple[Tensor, Tensor]:
    """Scores (row, candidate) and activations (row, slot, neuron), each neuron in its place."""
    architecture = small.architecture
    reading = reader.read(prompts)
    placed = torch.zeros(*reading.places.shape, architecture.shape.n_neurons)
    for layout, layer in zip(
        layer_layouts(architecture.shape, architecture.device), reading.activations, strict=True
    ):
        experts = None if layer.experts is None else layer.experts[reading.places]
        ids = layout.ids(experts).expand(*reading.places.shape, -1)
        placed.scatter_(2, ids, layer.values[reading.places].float())
    return reading.scores, placed
