"""Weights of linear layers as they are applied, however they are stored.

Quantised checkpoints keep packed numbers, offloaded layers nothing at all until they are used;
what such a layer does to unit vectors is its weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

_PLAIN = {torch.float64, torch.float32, torch.bfloat16, torch.float16}
"""Types in which a number stands for itself; narrower ones need a scale."""
_CENTRED = 1e-3
"""What is left of a vector of ones, at most, once its mean is taken off."""
_BLOCK = 1024
"""Unit vectors sent through a layer together."""


def applied_weight(module: nn.Module, n_inputs: int) -> Tensor:
    """The matrix that a linear layer applies.

    Args:
        module: the layer; its bias is left out.
        n_inputs: width of its input.

    Returns:
        Float32, shape (n_outputs, n_inputs).
    """
    plain = _plain_weight(module)
    if plain is not None:
        return plain.float()
    return torch.cat([block.T for block in _responses(module, n_inputs)], dim=1)


def output_rows(module: nn.Module, rows: Sequence[int], n_inputs: int) -> Tensor:
    """Some rows of the matrix that a linear layer applies.

    Args:
        module: the layer; its bias is left out.
        rows: which outputs.
        n_inputs: width of its input.

    Returns:
        Float32, shape (len(rows), n_inputs).
    """
    index = torch.tensor(list(rows), device=computing_device(module))
    plain = _plain_weight(module)
    if plain is not None:
        return plain[index].float()
    return torch.cat([block[:, index].T for block in _responses(module, n_inputs)], dim=1)


def is_plain(module: nn.Module) -> bool:
    """Whether a linear layer's weight lies in memory as it is applied."""
    return _plain_weight(module) is not None


def norm_gain(norm: nn.Module, width: int) -> Tensor:
    """What a norm multiplies by, its 1/rms or 1/deviation aside.

    Args:
        norm: the norm; its bias is left out.
        width: of what it takes.

    Returns:
        Float32, shape (width,), where the norm computes.
    """
    signs = torch.ones(width)
    signs[1::2] = -1  # Of mean 0 and deviation 1: no norm changes their size or centre
    gain = _odd_part(norm, signs)
    return gain * signs.to(gain.device)


def is_centring(norm: nn.Module, width: int) -> bool:
    """Whether a norm takes off the mean, as LayerNorm does, whatever its class is called."""
    return not bool(_odd_part(norm, torch.ones(width)).abs().max() > _CENTRED)


@torch.inference_mode()
def _odd_part(norm: nn.Module, values: Tensor) -> Tensor:
    """What a norm makes of some values, without its bias."""
    weight = next(norm.parameters(), values)
    device = values.device if weight is values else computing_device(norm)
    values = values.to(device, weight.dtype)
    made, of_negative = norm(torch.stack((values, -values))).float()
    odd: Tensor = (made - of_negative) / 2
    return odd


def computing_device(module: nn.Module) -> torch.device:
    """Where a layer computes: an offloaded one is brought there by accelerate each time."""
    device = getattr(getattr(module, "_hf_hook", None), "execution_device", None)
    if device is not None:
        return torch.device(device)
    return next(_tensors(module)).device


def _plain_weight(module: nn.Module) -> Tensor | None:
    """The weight as it lies in memory, shape (n_outputs, n_inputs), if it lies there as it is."""
    if not isinstance(module, Conv1D) and type(module) is not nn.Linear:
        return None
    # Packed weights are Parameters of another type, which may not even be detached
    if type(module.weight) is not nn.Parameter:
        return None
    weight = module.weight.detach()
    if weight.is_meta or weight.dtype not in _PLAIN:
        return None
    # Compressed checkpoints keep the class and put another forward in; so does accelerate, whose
    # own only brings the weight to where it is applied
    if "forward" in vars(module) and not hasattr(module, "_hf_hook"):
        return None
    return weight.T if isinstance(module, Conv1D) else weight


@torch.inference_mode()
def _responses(module: nn.Module, n_inputs: int) -> list[Tensor]:
    """What the layer makes of each unit vector, in blocks of float32 (inputs, n_outputs)."""
    device, dtype = computing_device(module), _computing_dtype(module)
    at_rest = module(torch.zeros(1, n_inputs, device=device, dtype=dtype)).float()
    blocks = []
    for start in range(0, n_inputs, _BLOCK):
        size = min(_BLOCK, n_inputs - start)
        units = torch.zeros(size, n_inputs, device=device, dtype=dtype)
        units[torch.arange(size), start + torch.arange(size)] = 1
        blocks.append(module(units).float() - at_rest)
    return blocks


def _computing_dtype(module: nn.Module) -> torch.dtype:
    asked = getattr(module, "compute_dtype", None)
    if isinstance(asked, torch.dtype):
        return asked
    plain = [one.dtype for one in _tensors(module) if one.dtype in _PLAIN]
    return plain[0] if plain else torch.get_default_dtype()


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    """What a layer keeps; packed layers may have buffers alone."""
    yield from module.parameters()
    yield from module.buffers()
