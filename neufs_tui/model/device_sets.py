"""Neuron sets on an accelerator: intersections as one matrix product."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neufs_tui.selection.jaccard import Indices, NeuronSets

_SHARE = 0.25
"""Of the free memory, what the sets may take."""
_CELLS = 1 << 26
"""Distances computed together."""


class DeviceNeuronSets(NeuronSets):
    """The same distances as `NeuronSets`, to the last bit, computed on a device.

    Intersections are sums of products of 0 and 1, which float32 counts exactly up to 2²⁴.
    """

    def __init__(self, packed: NeuronSets, device: torch.device) -> None:
        """Bring sets that are packed already to the device.

        Args:
            packed: the sets; their memory is shared.
            device: where to compute.
        """
        self.bits, self.sizes, self.occurring = packed.bits, packed.sizes, packed.occurring
        everyone = np.arange(len(self))
        step = max(1, _CELLS // (self.bits.shape[1] * 64))
        self._incidence = torch.cat(
            [
                torch.from_numpy(self._columns(everyone[start : start + step])).to(device)
                for start in range(0, len(self), step)
            ]
        )  # (n, occurring neuron)
        self._device_sizes = torch.from_numpy(self.sizes).to(device)

    def distances(self, rows: Indices, columns: Indices | None) -> NDArray[np.float64]:
        """As in `NeuronSets`."""
        n_columns = len(self) if columns is None else len(columns)
        step = max(1, _CELLS // max(1, n_columns))
        parts = [
            self._distances(rows[start : start + step], columns).cpu().numpy()
            for start in range(0, len(rows), step)
        ]
        return np.concatenate(parts) if parts else np.empty((0, n_columns))

    def distance_sums(self, rows: Indices, columns: Indices) -> NDArray[np.float64]:
        """As in `NeuronSets`."""
        step = max(1, _CELLS // max(1, len(columns)))
        parts = [
            self._distances(rows[start : start + step], columns).sum(dim=1).cpu().numpy()
            for start in range(0, len(rows), step)
        ]
        return np.concatenate(parts)

    def _distances(self, rows: Indices, columns: Indices | None) -> Tensor:
        """Shape (rows, columns), float64."""
        own = torch.from_numpy(rows).to(self._incidence.device)
        others, other_sizes = self._incidence, self._device_sizes
        if columns is not None:
            index = torch.from_numpy(columns).to(self._incidence.device)
            others, other_sizes = others[index], other_sizes[index]
        shared = (self._incidence[own] @ others.T).round().double()
        union = self._device_sizes[own][:, None] + other_sizes[None, :] - shared
        return 1 - torch.where(union > 0, shared / union.clamp(min=1), 1.0)


def on_device(packed: NeuronSets, device_name: str) -> NeuronSets:
    """Sets on an accelerator where they have room there, else as they are.

    Args:
        packed: the sets.
        device_name: a CUDA device.
    """
    device = torch.device(device_name)
    wanted = 4 * packed.bits.size * 64
    if wanted > _SHARE * torch.cuda.mem_get_info(device)[0]:
        return packed
    return DeviceNeuronSets(packed, device)
