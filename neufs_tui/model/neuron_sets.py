"""The largest contributions of an example, position by position → its neuron set."""

from __future__ import annotations

import torch
from torch import Tensor

NO_NEURON = 2**31 - 1
"""Fills up a row of neurons; sorts behind all of them."""


def neuron_sets(
    neuron: Tensor, contribution: Tensor, size: int, *, repeat: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Merge positions by their maximum, count the neurons kept, cut the sets to size.

    The work grows with what was kept, not with all neurons of the model, which in a mixture of
    experts are many more.

    Args:
        neuron: flat ids, shape (row, entry).
        contribution: same shape; −inf does not count.
        size: of a set, at most.
        repeat: whether a neuron may occur twice in a row.

    Returns:
        Neurons as int32 (row, set size), ascending, filled up with `NO_NEURON`; their
        contributions in half precision, same shape; and the counts (row,).
    """
    if repeat:
        # Largest first, then by neuron in a stable order: of equal neurons the first is the largest
        contribution, order = contribution.sort(dim=1, descending=True)
        neuron, by_neuron = neuron.gather(1, order).sort(dim=1, stable=True)
        contribution = contribution.gather(1, by_neuron)
        again = torch.zeros_like(neuron, dtype=torch.bool)
        again[:, 1:] = neuron[:, 1:] == neuron[:, :-1]
        contribution = contribution.masked_fill(again, -torch.inf)
    counts = torch.isfinite(contribution).sum(dim=1)
    values, chosen = contribution.topk(min(size, contribution.shape[1]), dim=1)
    ids, order = neuron.gather(1, chosen).masked_fill(values <= 0, NO_NEURON).sort(dim=1)
    return ids.int(), values.gather(1, order).half(), counts
