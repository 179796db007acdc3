"""Memory: what is free, how many tokens fit into it, and running out of it."""

from __future__ import annotations

import ctypes
import gc

import psutil
import torch

from neufs_tui.model.loaded import LoadedModel

_MOST_TOKENS = {"cpu": 2048, "cuda": 32768}
"""Tokens of a batch beyond which nothing gets faster, however small the model."""
_ENOUGH_WORK = {"cpu": 1.2e11, "cuda": 3e13}
"""Multiplications of a batch from which on a larger one only takes longer: whoever acts waits
for it. On two cores about a second; on a GPU 8,192 tokens of a model with 4 billion weights."""
_ENOUGH_TOKENS = {"cpu": 128, "cuda": 2048}
"""Tokens of a batch at least, if they fit: fewer would leave the device idle."""
FEWEST_TOKENS = 64
"""Tokens of a batch that every device has memory for, as long as nothing tells otherwise."""
_SHARE = 0.5
"""Of the free memory, what a batch may take by estimate."""
_SHORT_PROMPT = 16
"""Tokens of a prompt at least, its shared beginning not counted; what each costs apart from
its tokens is spread over so many."""

_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of glibc; other C libraries have none."""


def free_memory(loaded: LoadedModel) -> int:
    """Bytes that are free where the model computes."""
    if loaded.device.startswith("cuda"):
        return torch.cuda.mem_get_info(torch.device(loaded.device))[0]
    return int(psutil.virtual_memory().available)


def batch_tokens(loaded: LoadedModel, n_slots: int, free_bytes: int) -> int:
    """Tokens of a batch: as many as keep the device busy and take half the free memory at most.

    Args:
        loaded: the model.
        n_slots: places recorded behind each prompt.
        free_bytes: bytes that are free.
    """
    kind = loaded.device.split(":")[0]
    kind = kind if kind in _MOST_TOKENS else "cpu"
    busy = max(_ENOUGH_TOKENS[kind], int(_ENOUGH_WORK[kind] / _work_a_token(loaded)))
    fitting = int(_SHARE * free_bytes / _bytes_a_token(loaded, n_slots))
    return max(FEWEST_TOKENS, min(_MOST_TOKENS[kind], busy, fitting))


def _work_a_token(loaded: LoadedModel) -> float:
    """Multiplications that one token takes in the layers' weights, roughly."""
    architecture = loaded.architecture
    d_model = architecture.d_model
    # Queries, keys, values and output; gate, up and down
    attention = 4 * d_model * d_model * architecture.n_layers
    return float(attention + 3 * d_model * sum(architecture.shape.n_active))


def _bytes_a_token(loaded: LoadedModel, n_slots: int) -> float:
    """An estimate from above of what one token takes while a short prompt is read."""
    architecture = loaded.architecture
    config = loaded.model.config.get_text_config()
    size = loaded.model.dtype.itemsize
    d_model, n_active = architecture.d_model, architecture.shape.n_active
    # Within a layer: residual, norm, queries, keys and values; the FFNs
    in_ffns = max(sum(ffn.n_values(d_model) for ffn in ffns) for ffns in architecture.ffns)
    passing = size * (8 * d_model + in_ffns)
    cached = size * 2 * d_model * architecture.n_layers
    # Behind a norm, activations are kept in float32
    kept = sum(
        (4 if ffn.arrival.norms else size) * ffn.shape.n_active
        for _, ffn in architecture.every_ffn()
    )
    recorded = n_slots * (kept + size * int(config.vocab_size))
    # Contributions and their neurons, and what sorting them takes
    merged = 12 * sum(n_active)
    return passing + cached + (recorded + merged) / _SHORT_PROMPT


def trim_heap() -> None:
    """Give the heap's free pages back, in some milliseconds.

    Tensors of ever different sizes leave it full of holes.
    """
    if _TRIM is not None:
        _TRIM(0)


def release_memory() -> None:
    """Give back what a failed forward pass has left behind."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
