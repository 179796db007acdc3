"""Memory: what is free, how many tokens fit into it, and running out of it."""

from __future__ import annotations

import gc

import psutil
import torch

from neufs_tui.model.loading import LoadedModel

_MOST_TOKENS = {"cpu": 2048, "cuda": 32768}
"""Tokens of a batch beyond which nothing gets faster; on two cores about half a second."""
_FEWEST_TOKENS = 64
_SHARE = 0.5
"""Of the free memory, what a batch may take by estimate."""
_SHORT_PROMPT = 16
"""Tokens of a prompt at least, its shared beginning not counted; what each costs apart from
its tokens is spread over so many."""


def free_memory(loaded: LoadedModel) -> int:
    """Bytes that are free where the model computes."""
    if loaded.device.startswith("cuda"):
        return torch.cuda.mem_get_info(torch.device(loaded.device))[0]
    return int(psutil.virtual_memory().available)


def batch_tokens(loaded: LoadedModel, n_slots: int, free_bytes: int) -> int:
    """Tokens of a batch, such that reading them takes about half the free memory at most.

    Args:
        loaded: the model.
        n_slots: places recorded behind each prompt.
        free_bytes: bytes that are free.
    """
    kind = loaded.device.split(":")[0]
    most = _MOST_TOKENS.get(kind, _MOST_TOKENS["cpu"])
    fitting = int(_SHARE * free_bytes / _bytes_a_token(loaded, n_slots))
    return max(_FEWEST_TOKENS, min(most, fitting))


def _bytes_a_token(loaded: LoadedModel, n_slots: int) -> float:
    """An estimate from above of what one token takes while a short prompt is read."""
    architecture = loaded.architecture
    config = loaded.model.config.get_text_config()
    size = loaded.model.dtype.itemsize
    d_model, d_mlp, n_layers = architecture.d_model, architecture.d_mlp, architecture.n_layers
    # Within a layer: residual, norm, queries, keys and values; gate, up and their product
    passing = size * (8 * d_model + 3 * d_mlp)
    cached = size * 2 * d_model * n_layers
    recorded = n_slots * size * (n_layers * d_mlp + int(config.vocab_size))
    # The strongest contribution of every neuron in float32, and what sorting them takes
    merged = 12 * n_layers * d_mlp
    return passing + cached + (recorded + merged) / _SHORT_PROMPT


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that memory ran out, on the device or on the host."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    text = str(error)
    return "out of memory" in text or "can't allocate memory" in text


def release_memory() -> None:
    """Give back what a failed forward pass has left behind."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
