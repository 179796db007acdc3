from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch

from neufs_tui.core.model_shape import FfnShape
from neufs_tui.model import memory
from neufs_tui.model.loading.failures import is_out_of_memory
from neufs_tui.model.memory import batch_tokens, free_memory
from tests.models import load_tiny


def test_batches_are_sized_to_the_free_memory(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")
    assert free_memory(loaded) > 1 << 20
    sizes = [batch_tokens(loaded, 10, free) for free in (0, 3_000_000, 6_000_000, 1 << 40)]
    assert sizes == sorted(sizes)
    assert sizes[2] == pytest.approx(2 * sizes[1], abs=1)
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3] == 2048
    assert batch_tokens(loaded, 100, 6_000_000) < sizes[2]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_running_out_of_memory_is_told_from_other_errors(
    error: RuntimeError, expected: bool
) -> None:
    assert is_out_of_memory(error) is expected


def test_a_batch_of_a_larger_model_has_fewer_tokens(tmp_path: Path) -> None:
    loaded = load_tiny(tmp_path, "llama")

    def tokens(d_model: int, d_mlp: int, device: str = "cpu") -> int:
        ffns = [
            tuple(replace(ffn, shape=FfnShape("dense", d_mlp)) for ffn in ffns)
            for ffns in loaded.architecture.ffns
        ]
        wide = replace(loaded.architecture, d_model=d_model, ffns=tuple(ffns))
        return batch_tokens(replace(loaded, architecture=wide, device=device), 4, 1 << 50)

    sizes = [tokens(64, 256), tokens(2048, 2048), tokens(4096, 4096), tokens(65536, 65536)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 2048 and sizes[1] == pytest.approx(4 * sizes[2], abs=4)
    assert sizes[-1] == 128
    assert tokens(64, 256, "cuda:1") == 32768 > tokens(65536, 65536, "cuda:1") == 2048


@pytest.mark.skipif(memory._TRIM is None, reason="needs glibc")
def test_trimming_gives_back_what_is_free_between_what_is_not() -> None:
    process = psutil.Process()
    blocks = [bytearray(size) for _ in range(1000) for size in (100_000, 2_000)]
    kept = blocks[1::2]  # free memory between them cannot be given back from the end
    full = process.memory_info().rss
    del blocks
    assert len(kept) == 1000
    memory.trim_heap()
    assert process.memory_info().rss < full - 60_000_000
