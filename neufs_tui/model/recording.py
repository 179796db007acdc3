"""Hooks that keep what a forward pass computes at chosen places, and let go of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from torch import Tensor, nn

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.families.architecture import Architecture


@contextmanager
def record_activations(
    architecture: Architecture, settings: CaptureSettings, places: Tensor
) -> Iterator[dict[int, Tensor]]:
    """Record every layer's FFN activations at some places of a forward pass.

    The unembedding, too, is applied at those places alone: the model's logits then have the
    shape (1, place, vocabulary).

    Args:
        architecture: the model's parts.
        settings: where activations are read, and whether as they arrive in the residual stream.
        places: indices into the batch's positions, sequence after sequence, shape (place,).

    Yields:
        Layer → activations, shape (place, d_mlp), on the layer's device; empty before the pass.
        As they arrive, each is multiplied by what a norm behind the FFN divides by.
    """
    site = settings.hook_site
    layers = architecture.hooked(site)
    seen: dict[int, Tensor] = {}

    def chosen(values: Tensor) -> Tensor:
        return values.detach().flatten(0, 1).index_select(0, places.to(values.device))

    with ExitStack() as stack:
        for layer, module in enumerate(layers):

            def keep_input(_: nn.Module, args: tuple[Tensor, ...], layer: int = layer) -> None:
                seen[layer] = chosen(args[0])

            def keep_output(
                _: nn.Module, args: tuple[Tensor, ...], out: Tensor, layer: int = layer
            ) -> None:
                seen[layer] = chosen(out)

            handle = (
                module.register_forward_pre_hook(keep_input)
                if site == "down_proj"
                else module.register_forward_hook(keep_output)
            )
            stack.callback(handle.remove)

        def scale(norm: nn.Module, args: tuple[Tensor, ...], out: Tensor, layer: int) -> None:
            arrival = architecture.arrivals[layer]
            scales = arrival.scale(chosen(args[0]), chosen(out))
            seen[layer] = seen[layer].float() * scales.to(seen[layer].device)[:, None]

        for layer, arrival in enumerate(architecture.arrivals):
            if settings.arriving and arrival.norm is not None:
                handle = arrival.norm.register_forward_hook(partial(scale, layer=layer))
                stack.callback(handle.remove)

        def narrow(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor]:
            return (chosen(args[0])[None],)

        stack.callback(architecture.unembedding.register_forward_pre_hook(narrow).remove)
        yield seen
