"""Do a layer's contributions sum to what its FFN writes, and does all of that arrive?

The sum is checked on the model's own weights, as they are stored; the arrival on a small copy,
where whatever else a layer computes can be held fixed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from neufs_tui.core.settings import CaptureSettings
from neufs_tui.errors import ModelError
from neufs_tui.model.families.architecture import Architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.pushes import Pushes
from neufs_tui.model.recording import Recorder, record_activations

logger = logging.getLogger(__name__)

ARRIVAL_BOUND = 1e-4
"""Of what arrives, relative to the largest value of the stream, in float32."""
_SUM_BOUNDS = {"float32": 1e-3, "bfloat16": 0.03, "float16": 0.03}
"""Of an FFN's sum, relative to the sum of its contributions' sizes."""
_PACKED_BOUND = 0.05
"""The same where a layer rounds what it is given, as 8-bit ones do."""
_N_TOKENS = 4
"""Tokens by which the real weights are checked."""
_MIXES_STREAMS = "altup"
"""Part of a layer that has several streams and mixes them (Gemma 3n): there is no one place at
which a push arrives, and it is read where it joins the layer's own stream."""


class Differs(Exception):
    """What is read otherwise than the model computes it."""


def first_pass(loaded: LoadedModel) -> Tensor:
    """Send a few tokens through a model.

    Returns:
        Their ids, shape (position,).
    """
    vocabulary = int(loaded.model.config.get_text_config().vocab_size)
    ids = (torch.arange(2 * _N_TOKENS) + 1) * (vocabulary // (3 * _N_TOKENS))
    with torch.inference_mode():
        loaded.model(input_ids=ids[None].to(loaded.model.device), use_cache=False)
    return ids


def check_weights(loaded: LoadedModel) -> None:
    """Prove on the model itself that weights are read as they are applied.

    One forward pass is made before they are read: some packed weights are unpacked by it.

    Raises:
        ModelError: an FFN's contributions do not sum to its own output.
    """
    places = torch.arange(2 * _N_TOKENS)
    with torch.inference_mode(), watched(loaded.architecture, places) as seen:
        ids = first_pass(loaded)
    # Behind the pass: a packed weight is read by sending unit vectors through its layer
    worst, layer = _sum_error(loaded.architecture, seen, ids[:_N_TOKENS].tolist())
    packed = not all(ffn.is_plain for _, ffn in loaded.architecture.every_ffn())
    bound = _PACKED_BOUND if packed else _SUM_BOUNDS[loaded.dtype]
    logger.info("contributions sum to the output of their FFN within %.1e", worst)
    if not worst <= bound:
        raise ModelError(
            f"the weights of {loaded.name} are not read as they are applied: in layer {layer} "
            f"contributions are off by {worst:.2g} of their size",
            hint="use the model unquantised, or quantised otherwise",
        )


@dataclass(slots=True)
class Watched:
    """What each FFN did in the passes made."""

    recorder: Recorder
    put_out: dict[tuple[int, int], Tensor] = field(default_factory=dict)
    """What its output module put out in the last pass, by layer and number of the FFN in it."""
    n_passes: Counter[tuple[int, int]] = field(default_factory=Counter)

    def written(self, architecture: Architecture, at: tuple[int, int]) -> Tensor:
        """What an FFN's neurons wrote, behind the norms that follow, shape (place, d_model)."""
        layer, number = at
        ffn, noted = architecture.ffns[layer][number], self.recorder.noted[at]
        bias, put_out = ffn.bias(noted), self.put_out[at]
        wrote = ffn.written(noted, put_out if bias is None else put_out - bias)
        scale = self.recorder.scale(layer, number)
        return wrote if scale is None else wrote * scale[:, None]


@contextmanager
def watched(architecture: Architecture, places: Tensor) -> Iterator[Watched]:
    """Record each FFN over the passes made inside.

    Args:
        architecture: the model's parts.
        places: those of a pass that are recorded, shape (place,).
    """
    with (
        ExitStack() as stack,
        record_activations(architecture, CaptureSettings(), places) as recorder,
    ):
        seen = Watched(recorder)

        def keep(_: nn.Module, args: object, out: Tensor, at: tuple[int, int]) -> None:
            layer, number = at
            put_out = architecture.ffns[layer][number].put_out(out.detach())
            seen.put_out[at] = put_out[places].clone()
            seen.n_passes[at] += 1

        for layer, ffns in enumerate(architecture.ffns):
            for number, ffn in enumerate(ffns):
                hook = partial(keep, at=(layer, number))
                stack.callback(ffn.output.register_forward_hook(hook).remove)
        yield seen


@torch.inference_mode()
def _sum_error(
    architecture: Architecture, seen: Watched, tokens: Sequence[int]
) -> tuple[float, int]:
    """The largest error of a layer's sum relative to Σ|contribution|, and the layer."""
    pushes = Pushes(architecture, tokens)
    rows = architecture.token_rows(tokens).double()
    worst, where = 0.0, 0
    for layer, activations in enumerate(seen.recorder.activations()):
        if not architecture.ffns[layer]:
            continue
        here = activations.to(rows.device)
        which = torch.arange(len(tokens), device=rows.device).expand(len(here.values), -1)
        experts = here.experts
        if experts is not None:
            experts = experts[:, None].expand(-1, len(tokens), -1)
        contributions = here.values[:, None].double() * pushes.of(layer, which, experts)
        outputs = torch.zeros_like(contributions[..., 0])  # (place, token)
        for number, ffn in enumerate(architecture.ffns[layer]):
            pushed = rows * ffn.arrival.gain.to(rows.device)
            outputs += seen.written(architecture, (layer, number)).to(rows) @ pushed.T
        sizes = contributions.abs().sum(dim=2).clamp(min=torch.finfo(torch.float32).tiny)
        error = float(((contributions.sum(dim=2) - outputs).abs() / sizes).max())
        if not error <= worst:
            worst, where = error, layer
    return worst, where


def check_arrival(small: LoadedModel) -> None:
    """Prove that each FFN is run once a pass and arrives in the last stream as it is read to.

    For each FFN a pass is made in which its neurons write nothing while everything else that its
    layer and the later ones add to the stream is what it was: what the stream then lacks is what
    arrived.

    Args:
        small: a small copy, in float32.

    Raises:
        Differs: an FFN is run otherwise, or something else arrives.
    """
    architecture = small.architecture
    ids = torch.arange(10, 22)[None]
    whole_modules = {ffn.output for _, ffn in architecture.every_ffn()}
    outputs: dict[nn.Module, list[object]] = {}
    with torch.inference_mode():
        with ExitStack() as stack, watched(architecture, torch.arange(ids.shape[1])) as seen:
            for part in _parts(architecture.layers, whole_modules):
                note = partial(_note, seen=outputs.setdefault(part, []))
                stack.callback(part.register_forward_hook(note).remove)
            whole = _last_stream(small, ids)
        for layer, ffns in enumerate(architecture.ffns):
            for number, _ in enumerate(ffns):
                if (n_passes := seen.n_passes[layer, number]) != 1:
                    raise Differs(f"the FFN of layer {layer} is run {n_passes} times a pass")
        if any(hasattr(layer, _MIXES_STREAMS) for layer in architecture.layers):
            return
        for layer, ffns in enumerate(architecture.ffns):
            for number, ffn in enumerate(ffns):
                norms = {norm.module: norm for norm in ffn.arrival.norms}
                with ExitStack() as stack:
                    for part in _parts(architecture.layers[layer:], whole_modules):
                        if part is not ffn.output and part not in norms:
                            again = partial(_repeat, seen=iter(outputs[part]))
                            stack.callback(part.register_forward_hook(again).remove)
                    bias = ffn.bias(seen.recorder.noted[layer, number])
                    silent = partial(_only, bias=bias)
                    stack.callback(ffn.output.register_forward_hook(silent).remove)
                    for module, norm in norms.items():
                        by = seen.recorder.scales[module][:, None] * norm.gain
                        hook = partial(_scaled, by=by)
                        stack.callback(module.register_forward_hook(hook).remove)
                    lacking = whole - _last_stream(small, ids)
                expected = seen.written(architecture, (layer, number)) * ffn.arrival.gain
                error = float((lacking - expected).abs().max() / whole.abs().max())
                if not error <= ARRIVAL_BOUND:
                    raise Differs(
                        f"what the FFN of layer {layer} writes joins the residual stream in a way "
                        f"that is not known (off by {error:.2g})"
                    )


def _parts(layers: Sequence[nn.Module], outputs: set[nn.Module]) -> Iterator[nn.Module]:
    """The modules that compute, without those that only pass on what they get.

    One with weights of its own is whole, whatever is inside it, unless an FFN is.
    """
    for layer in layers:
        is_whole = layer in outputs or not list(layer.children())
        if not is_whole and next(layer.parameters(recurse=False), None) is not None:
            is_whole = outputs.isdisjoint(layer.modules())
        if not is_whole:
            yield from _parts(list(layer.children()), outputs)
        elif not isinstance(layer, nn.Dropout | nn.Identity):
            yield layer


def _note(_: nn.Module, args: object, out: object, seen: list[object]) -> None:
    seen.append(_copied(out))


def _repeat(_: nn.Module, args: object, out: object, seen: Iterator[object]) -> object:
    return _copied(next(seen))


def _copied(out: object) -> object:
    """What a module put out, of its own: some models add to it in place."""
    if isinstance(out, tuple):
        return type(out)(_copied(part) for part in out)
    return out.clone() if isinstance(out, Tensor) else out


def _only(_: nn.Module, args: object, out: Tensor, bias: Tensor | None) -> Tensor:
    """An FFN's bias without what its neurons write."""
    return torch.zeros_like(out) if bias is None else bias.to(out).view_as(out).clone()


def _scaled(_: nn.Module, args: tuple[Tensor, ...], out: Tensor, by: Tensor) -> Tensor:
    """What a norm would put out if it divided by what it divided by before."""
    return (args[0].flatten(0, -2) * by).view_as(out)


def _last_stream(small: LoadedModel, ids: Tensor) -> Tensor:
    """The residual stream in front of the final norm, shape (position, d_model).

    Raises:
        Differs: what the norm puts out is not what the unembedding takes, a factor aside.
    """
    seen: list[Tensor] = []

    def keep(_: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
        seen.extend((args[0].flatten(0, -2), out.flatten(0, -2)))

    def take(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.append(args[0].flatten(0, -2))

    architecture = small.architecture
    with ExitStack() as stack:
        stack.callback(architecture.final_norm.register_forward_hook(keep).remove)
        stack.callback(architecture.unembedding.register_forward_pre_hook(take).remove)
        small.model(input_ids=ids, use_cache=False)
    # NanoChat norms what goes into the first layer by the same norm
    stream, normed, taken = seen[-3:]
    factor = (taken * normed).sum() / normed.square().sum()
    if not float((taken - factor * normed).abs().max()) <= ARRIVAL_BOUND * float(taken.abs().max()):
        raise Differs("more than a norm stands between the last layer and the unembedding")
    return stream
