"""What FFNs push, found out by taking their neurons away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from neufs_tui.core.neuron_place import NeuronPlace
from neufs_tui.model.families.experts import RoutedFfn
from neufs_tui.model.families.ffns import SingleFfn
from neufs_tui.model.loaded import LoadedModel


def pushed_behind(
    loaded: LoadedModel, prompt: Sequence[int], answer: Sequence[int], layer: int
) -> Tensor:
    """The stream behind a layer on each of an answer's tokens, shape (position,)."""
    seen: list[Tensor] = []
    handle = loaded.architecture.layers[layer].register_forward_hook(
        lambda _, args, out: seen.append((out if isinstance(out, Tensor) else out[0])[0])
    )
    with torch.no_grad():
        loaded.model(input_ids=torch.tensor([[*prompt, *answer]]))
    handle.remove()
    places = torch.arange(len(answer)) + len(prompt) - 1
    rows = loaded.architecture.unembedding.weight.detach()[list(answer)]
    return (seen[0][places].double() * rows.double()).sum(dim=1)


def pushed_by_ffns(loaded: LoadedModel, prompt: Sequence[int], answer: Sequence[int]) -> float:
    """What the neurons of all layers add to the stream on an answer's tokens."""
    total = 0.0
    for layer in range(loaded.architecture.n_layers):
        whole = pushed_behind(loaded, prompt, answer, layer)
        with silenced(loaded, layer):
            total += float((whole - pushed_behind(loaded, prompt, answer, layer)).sum())
    return total


@contextmanager
def silenced(loaded: LoadedModel, layer: int, place: NeuronPlace | None = None) -> Iterator[None]:
    """A layer of which one neuron, or every neuron, writes nothing.

    What comes before its FFNs is as it was.
    """
    kept = []
    with torch.no_grad():
        for number, ffn in enumerate(loaded.architecture.ffns[layer]):
            if place is not None and place.ffn != number:
                continue
            match ffn:
                case RoutedFfn():
                    weight = ffn.experts.down_proj
                    part = weight if place is None else weight[place.expert]
                    part = part.transpose(-1, -2) if ffn.is_transposed else part
                case SingleFfn():
                    part = ffn.down_projection.weight
                case _:
                    raise TypeError(ffn)
            part = part if place is None else part[..., place.index]
            kept.append((part, part.clone()))
            part.zero_()
        yield
        for part, before in kept:
            part.copy_(before)
