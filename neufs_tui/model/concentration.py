"""How few neurons carry a row's positive contribution, without sorting all of them."""

from __future__ import annotations

import torch
from torch import Tensor

_SHIFT = 17
"""Bits of a float32 that a bin leaves out: six of its mantissa stay, so a bin is 1.6% wide."""
_OCTAVES = 64
_LOWEST = 127 - 32
"""Biased exponent of the first bins; below 2⁻³² a contribution counts as that."""
_N_BINS = _OCTAVES << (23 - _SHIFT)


class Concentration:
    """Takes in a batch's contributions layer by layer, and forgets them.

    A positive float32 grows with its own bits, so their upper ones are a histogram's bin.
    """

    def __init__(self, n_rows: int, device: torch.device) -> None:
        """Begin with nothing."""
        self._mass = torch.zeros(n_rows, _N_BINS, device=device)
        self._n = torch.zeros(n_rows, _N_BINS, device=device)
        self._squares = torch.zeros(n_rows, device=device)

    def add(self, contribution: Tensor) -> None:
        """Take in a layer.

        Args:
            contribution: of each neuron, float32, shape (row, d_mlp); what is not positive does
                not count.
        """
        positive = contribution.clamp(min=0)
        bins = (positive.view(torch.int32) >> _SHIFT) - (_LOWEST << (23 - _SHIFT))
        bins = bins.clamp(0, _N_BINS - 1).long()
        self._mass.scatter_add_(1, bins, positive)
        self._n.scatter_add_(1, bins, (positive > 0).float())
        self._squares += positive.square().sum(dim=1)

    def nucleus(self, share: float) -> Tensor:
        """The fewest neurons that together carry a share of the mass, int64, shape (row,).

        Inside the last bin all neurons count as its mean, so the number may be off by what
        their spread of at most 1.6% makes of the bin's own neurons.

        Args:
            share: between 0 and 1.
        """
        mass, n = self._mass.flip(1), self._n.flip(1)
        wanted = share * mass.sum(dim=1, keepdim=True)
        reached = mass.cumsum(dim=1)
        last = (reached < wanted).sum(dim=1, keepdim=True).clamp(max=_N_BINS - 1)
        before = reached.gather(1, last) - mass.gather(1, last)
        mean = mass.gather(1, last) / n.gather(1, last).clamp(min=1)
        inside = ((wanted - before) / mean.clamp(min=torch.finfo(mean.dtype).tiny)).ceil()
        inside = inside.clamp(min=0).minimum(n.gather(1, last))
        return (n.cumsum(dim=1).gather(1, last) - n.gather(1, last) + inside).squeeze(1).long()

    def participation(self) -> Tensor:
        """(Σ s)² / Σ s² over the positive contributions s, float32, shape (row,).

        It is k where k neurons carry equal shares; 0 where nothing is positive.
        """
        total = self._mass.sum(dim=1)
        tiny = torch.finfo(total.dtype).tiny
        return total.square() / self._squares.clamp(min=tiny)
