"""The scan of mixtures of experts against their own bare forward pass over the same tokens.

    python benchmarks/mixtures.py [-n ROWS] [--dtype DTYPE] [--layers N]

No checkpoint is needed: layers have the shapes of OLMoE-1B-7B and Qwen3-30B-A3B, with random
weights, and the embedded model's tokenizer. The bare pass reads the very tokens that the scan reads
with nothing shared; memory is the process's peak beside what the weights take.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import torch
from inputs import SAMPLE, load, read_rows
from rich.console import Console
from rich.table import Table
from scan import bare_forward, batches
from transformers import AutoModelForCausalLM, OlmoeConfig, PretrainedConfig, Qwen3MoeConfig

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.families.architecture import find_architecture
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.ways import find_ways

SHAPES: dict[str, tuple[type[PretrainedConfig], dict[str, int]]] = {
    "OLMoE-1B-7B": (
        OlmoeConfig,
        {
            "hidden_size": 2048,
            "intermediate_size": 1024,
            "num_attention_heads": 16,
            "num_key_value_heads": 16,
            "num_experts": 64,
            "num_experts_per_tok": 8,
        },
    ),
    "Qwen3-30B-A3B": (
        Qwen3MoeConfig,
        {
            "hidden_size": 2048,
            "moe_intermediate_size": 768,
            "num_attention_heads": 32,
            "num_key_value_heads": 4,
            "head_dim": 128,
            "num_experts": 128,
            "num_experts_per_tok": 8,
        },
    ),
}
"""Of one layer."""


def random_model(shape: str, n_layers: int, dtype: str, tokenizer_of: LoadedModel) -> LoadedModel:
    """A model with layers of a shape, as if it had been loaded."""
    kind, fields = SHAPES[shape]
    n_tokens = int(tokenizer_of.model.config.vocab_size)
    config = kind(**fields, num_hidden_layers=n_layers, vocab_size=n_tokens, pad_token_id=0)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype)).eval()
    return replace(
        tokenizer_of,
        model=model.to(tokenizer_of.device),
        architecture=find_architecture(model),
        name=shape,
        dtype=dtype,
        ways=find_ways(model.config, tokenizer_of.context_window),
    )


def measure(loaded: LoadedModel, texts: list[str], names: list[str]) -> tuple[float, float]:
    """Seconds of the bare pass and of the scan over the same tokens, batch by batch in turn."""
    task = Task(labels=tuple(map(Label, names)))
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings(), way="tree")
    n_tree = runner.n_likely_slots - 1
    bare = scan = 0.0
    cut = batches([encoder.prompt(text) for text in texts], runner)
    for turn, batch in enumerate([cut[0], *cut]):
        began = time.perf_counter()
        bare_forward(loaded, batch, n_tree)
        between = time.perf_counter()
        runner.capture(batch)
        if turn:  # the first time pays for what later ones reuse
            bare, scan = bare + between - began, scan + time.perf_counter() - between
    return bare, scan


def main() -> None:
    """Print one line per shape and number of labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=64, help="texts of the sample that are read")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--layers", type=int, default=2)
    asked = parser.parse_args()
    texts = [row["text"] for row in read_rows(SAMPLE / "pool.jsonl")[: asked.n]]
    embedded = load("smollm2-135m", dtype=asked.dtype)
    table = Table("shape", "labels", "bare", "scan, nothing shared", "peak beside weights")
    for shape in SHAPES:
        loaded = random_model(shape, asked.layers, asked.dtype, embedded)
        n_bytes = sum(weight.nbytes for weight in loaded.model.parameters())
        for names in (["yes", "no"], [f"label {n}" for n in range(20)]):
            bare, scan = measure(loaded, texts, names)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - n_bytes
            table.add_row(
                f"{shape} x {asked.layers}",
                str(len(names)),
                f"{bare:.1f} s",
                f"{scan / bare:.2f}",
                f"{peak / 1e9:.1f} GB",
            )
        del loaded
    Console().print(table)


if __name__ == "__main__":
    main()
