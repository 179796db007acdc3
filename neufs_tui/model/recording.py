"""Hooks that keep what a forward pass computes at chosen places, and let go of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.families.architecture import Architecture
from neufs_tui.model.families.arrival import NormBehind
from neufs_tui.model.families.ffns import Noted


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """What one layer's FFNs did at some places."""

    values: Tensor
    """Of the neurons that a token passes, FFN after FFN, shape (place, n_active); times an expert's
    weight, and 1/rms where a norm follows the FFN."""
    experts: Tensor | None
    """The routed experts that the first of them belong to, shape (place, n_routed)."""

    def to(self, device: torch.device) -> Activations:
        """The same on a device."""
        experts = None if self.experts is None else self.experts.to(device)
        return Activations(self.values.to(device), experts)


def joined(parts: Sequence[Activations]) -> Activations:
    """One layer's activations at all places of several passes."""
    if len(parts) == 1:
        return parts[0]
    experts = [part.experts for part in parts if part.experts is not None]
    return Activations(
        torch.cat([part.values for part in parts]), torch.cat(experts) if experts else None
    )


class Recorder:
    """What was seen during a pass."""

    def __init__(self, architecture: Architecture, n_places: int) -> None:
        """Begin with nothing."""
        self._architecture = architecture
        self._n_places = n_places
        self.noted: dict[tuple[int, int], Noted] = {}
        """By layer and number of the FFN in it."""
        self.scales: dict[nn.Module, Tensor] = {}
        """1/rms of the norms behind FFNs, shape (place,)."""

    def scale(self, layer: int, number: int) -> Tensor | None:
        """What the norms behind an FFN divide by, shape (place,); None without norms."""
        product = None
        for norm in self._architecture.ffns[layer][number].arrival.norms:
            scale = self.scales.get(norm.module)
            if scale is not None:
                product = scale if product is None else product * scale.to(product.device)
        return product

    def activations(self) -> list[Activations]:
        """Of each layer, where it computes; complete once the pass is over."""
        return [self._of_layer(layer) for layer in range(self._architecture.n_layers)]

    def _of_layer(self, layer: int) -> Activations:
        parts, experts = [], None
        for number, _ in enumerate(self._architecture.ffns[layer]):
            noted = self.noted[layer, number]
            values, scale = noted.activations, self.scale(layer, number)
            parts.append(values if scale is None else values.float() * scale[:, None])
            experts = noted.experts if noted.experts is not None else experts
        if not parts:
            parts = [torch.empty(self._n_places, 0, device=self._architecture.device)]
        return Activations(parts[0] if len(parts) == 1 else torch.cat(parts, dim=1), experts)


@contextmanager
def record_activations(
    architecture: Architecture, settings: CaptureSettings, places: Tensor
) -> Iterator[Recorder]:
    """Record every layer's FFN activations at some places of a forward pass.

    The unembedding, too, is applied at those places alone: the model's logits then have the
    shape (1, place, vocabulary).

    Args:
        architecture: the model's parts.
        settings: where activations are read, and whether as they arrive in the residual stream.
        places: indices into the batch's positions, sequence after sequence, shape (place,).

    Yields:
        What is seen, empty before the pass. As they arrive, activations are multiplied by what a
        norm behind the FFN divides by.

    Raises:
        ModelError: an FFN has nothing to be read at the place that the settings name.
    """
    recorder = Recorder(architecture, len(places))

    def chosen(values: Tensor) -> Tensor:
        return values.index_select(0, places.to(values.device))

    with ExitStack() as stack:
        norms: dict[nn.Module, NormBehind] = {}
        for layer, ffns in enumerate(architecture.ffns):
            for number, ffn in enumerate(ffns):
                note = partial(recorder.noted.__setitem__, (layer, number))
                for handle in ffn.listen(chosen, note, settings.hook_site):
                    stack.callback(handle.remove)
                norms |= {norm.module: norm for norm in ffn.arrival.norms}

        def scale(module: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
            received, put_out = (chosen(part.detach().flatten(0, -2)) for part in (args[0], out))
            recorder.scales[module] = norms[module].scale(received, put_out)

        if settings.arriving:
            for module in norms:
                stack.callback(module.register_forward_hook(scale).remove)

        def narrow(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor]:
            return (chosen(args[0].flatten(0, 1))[None],)

        stack.callback(architecture.unembedding.register_forward_pre_hook(narrow).remove)
        yield recorder
