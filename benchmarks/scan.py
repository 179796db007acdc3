"""The scan against the bare forward pass over the same tokens, and its parts against each other.

    python benchmarks/scan.py [POOL] [-n ROWS] [--model MODEL] [--dtype DTYPE]

Everything is timed in this one process, the variants in turn for each batch, so that what else
the machine does hits all of them alike. The bare forward pass reads the very tokens of the scan's
batches (prompt and candidates, nothing shared) and computes one position's logits.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings, ModelChoice
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.loading import LoadedModel, load_model
from neufs_tui.storage.capture_rows import CaptureRows
from neufs_tui.storage.paths import models_dir

BATCH_TOKENS = 2048


class _Quiet:
    def stage(self, name: str, detail: str) -> None: ...
    def downloaded(self, done: int, total: int) -> None: ...


def batches(prompts: list[EncodedPrompt], extra: int) -> list[list[EncodedPrompt]]:
    """Prompts sorted by length, cut as the scan cuts them."""
    cut: list[list[EncodedPrompt]] = [[]]
    for prompt in sorted(prompts, key=lambda prompt: len(prompt.ids)):
        if cut[-1] and (len(cut[-1]) + 1) * (len(prompt.ids) + extra) > BATCH_TOKENS:
            cut.append([])
        cut[-1].append(prompt)
    return cut


def bare_forward(loaded: LoadedModel, batch: list[EncodedPrompt], n_tree: int) -> None:
    """One pass over as many tokens as the scan reads, without anything recorded."""
    width = max(len(prompt.ids) for prompt in batch) + n_tree
    ids = torch.full((len(batch), width), loaded.pad_id, device=loaded.model.device)
    for row, prompt in enumerate(batch):
        ids[row, : len(prompt.ids)] = torch.tensor(prompt.ids, device=ids.device)
    with torch.inference_mode():
        loaded.model(input_ids=ids, use_cache=False, logits_to_keep=1)
    if ids.is_cuda:
        torch.cuda.synchronize()


def measure(loaded: LoadedModel, texts: list[str], n_labels: int) -> dict[str, float]:
    """Seconds per row of each variant."""
    names = [f"kind of message number {number}" for number in range(n_labels)]
    task = Task(labels=tuple(map(Label, names)))
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in texts]
    runners = {
        "tree": CaptureRunner(loaded, encoder.candidates, CaptureSettings(), tree=True),
        "tree, shared prefix": CaptureRunner(
            loaded, encoder.candidates, CaptureSettings(), tree=True
        ),
    }
    runners["tree, shared prefix"].share(encoder.shared_prefix())
    if n_labels <= 2:
        runners["a copy per candidate"] = CaptureRunner(
            loaded, encoder.candidates, CaptureSettings(), tree=False
        )
    n_tree = runners["tree"].n_tree_tokens
    variants: dict[str, Callable[[list[EncodedPrompt]], object]] = {
        "bare forward": lambda batch: bare_forward(loaded, batch, n_tree),
        **{name: runner.capture for name, runner in runners.items()},
    }
    seconds = dict.fromkeys(variants, 0.0)
    cut = batches(prompts, n_tree)
    for variant in variants.values():
        variant(cut[0])  # the first pass of a shape pays for what later ones reuse
    for batch in cut:
        for name, variant in variants.items():
            began = time.perf_counter()
            variant(batch)
            seconds[name] += time.perf_counter() - began
    captures = runners["tree"].capture(cut[0])
    architecture = loaded.architecture
    rows = CaptureRows((architecture.n_layers, architecture.d_mlp))
    stored = [rows.encode("0" * 32, capture) for capture in captures]
    n_bytes = sum(len(part) for row in stored for part in row if isinstance(part, bytes))
    n_kept = sum(len(capture.neurons) for capture in captures)
    return {**seconds, "bytes a kept neuron": n_bytes / n_kept}


def main() -> None:
    """Print one line per number of labels, each variant as a ratio to the bare forward pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    sample = Path(__file__).parents[1] / "sample_data" / "pool.jsonl"
    parser.add_argument("pool", nargs="?", type=Path, default=sample)
    parser.add_argument("-n", type=int, default=100, help="rows")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--dtype")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.pool.read_text().splitlines()[: arguments.n]]
    texts = [row.get("text") or row["input"] for row in rows]
    loaded = load_model(ModelChoice(arguments.model, dtype=arguments.dtype), models_dir(), _Quiet())
    table = Table(title=f"{loaded.name}, {loaded.device}, {loaded.dtype}, {len(texts)} rows")
    headings = ("bare forward", "tree", "tree, shared prefix", "a copy per candidate")
    for heading in ("labels", *headings, "bytes a kept neuron"):
        table.add_column(heading, justify="right")
    for n_labels in (2, 20, 77):
        measured = measure(loaded, texts, n_labels)
        base = measured["bare forward"]
        cells = [f"{base / len(texts) * 1000:.1f} ms/row"]
        cells += [
            f"{measured[name] / base:.2f}" if name in measured else "" for name in headings[1:]
        ]
        table.add_row(str(n_labels), *cells, f"{measured['bytes a kept neuron']:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
