"""The scan against the bare forward pass over the same tokens, and its parts against each other.

    python benchmarks/scan.py [POOL] [-n ROWS] [--labels N ...] [--model MODEL] [--dtype DTYPE]

Everything is timed in this one process, the variants in turn for each batch, so that what else
the machine does hits all of them alike. The bare forward pass reads the very tokens of the first
variant (prompt and candidates, nothing shared) and computes one position's logits. The last
column compares the scan as it runs with the scan of the same rows with the first number of
labels. Labels are the pool's own where it has as many.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from inputs import SAMPLE, label_names, load, read_rows
from rich.console import Console
from rich.table import Table

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.storage.capture_rows import CaptureRows

BATCH_TOKENS = 2048


def batches(prompts: list[EncodedPrompt], runner: CaptureRunner) -> list[list[EncodedPrompt]]:
    """Prompts sorted by length, cut as the scan cuts them."""
    cut: list[list[EncodedPrompt]] = [[]]
    n_tokens = 0
    for prompt in sorted(prompts, key=lambda prompt: len(prompt.ids)):
        n_tokens += runner.n_tokens(prompt)
        if cut[-1] and n_tokens > BATCH_TOKENS:
            cut.append([])
            n_tokens = runner.n_tokens(prompt)
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


VARIANTS = ("nothing shared", "prefix shared", "only contenders", "expanded cache")
EXPANDED_LIMIT = 20
"""Labels up to which candidates are also read one by one."""


def measure(loaded: LoadedModel, texts: list[str], names: list[str]) -> dict[str, float]:
    """Seconds of each variant, and bytes of the cache a kept neuron."""
    task = Task(labels=tuple(map(Label, names)))
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    prompts = [encoder.prompt(text) for text in texts]
    neutral = encoder.prompt("").ids
    options: dict[str, dict[str, Any]] = {
        "nothing shared": {"way": "tree"},
        "prefix shared": {"way": "tree"},
        "only contenders": {"way": "tree", "neutral_prompt": neutral},
        "expanded cache": {"way": "expanded"},
    }
    if len(names) > EXPANDED_LIMIT:
        del options["expanded cache"]
    runners = {
        variant: CaptureRunner(loaded, encoder.candidates, CaptureSettings(), **given)
        for variant, given in options.items()
    }
    for variant in ("prefix shared", "only contenders"):
        runners[variant].share(encoder.shared_prefix())
    n_tree = runners["nothing shared"].n_likely_slots - 1
    variants: dict[str, Callable[[list[EncodedPrompt]], object]] = {
        "bare": lambda batch: bare_forward(loaded, batch, n_tree),
        **{name: runner.capture for name, runner in runners.items()},
    }
    seconds = dict.fromkeys(variants, 0.0)
    # What little of a prompt is left to read once its beginning is shared fills larger batches
    cuts = {
        name: batches(prompts, runners[name if name in runners else "nothing shared"])
        for name in variants
    }
    for name, variant in variants.items():
        variant(cuts[name][0])  # the first pass of a shape pays for what later ones reuse
    for turn in range(max(map(len, cuts.values()))):
        for name, variant in variants.items():
            if turn < len(cuts[name]):
                began = time.perf_counter()
                variant(cuts[name][turn])
                seconds[name] += time.perf_counter() - began
    captures = runners["nothing shared"].capture(cuts["bare"][0])
    architecture = loaded.architecture
    rows = CaptureRows(architecture.shape)
    stored = [rows.encode("0" * 32, capture) for capture in captures]
    n_bytes = sum(len(part) for row in stored for part in row if isinstance(part, bytes))
    n_kept = sum(len(capture.neurons) for capture in captures)
    return {**seconds, "bytes a kept neuron": n_bytes / n_kept}


def main() -> None:
    """Print one line per number of labels, each variant as a ratio to the bare forward pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", nargs="?", type=Path, default=SAMPLE / "pool.jsonl")
    parser.add_argument("-n", type=int, default=100, help="rows")
    parser.add_argument("--labels", type=int, nargs="+", default=[2, 20, 77])
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--dtype")
    arguments = parser.parse_args()
    rows = read_rows(arguments.pool)
    texts = [row["text"] for row in rows[: arguments.n]]
    own = label_names(rows)
    loaded = load(arguments.model, dtype=arguments.dtype)
    table = Table(title=f"{loaded.name}, {loaded.device}, {loaded.dtype}, {len(texts)} rows")
    table.add_column("labels", justify="right")
    headings = ("bare forward", *VARIANTS, "bytes a neuron", f"to {arguments.labels[0]} labels")
    for heading in headings:
        table.add_column(heading, justify="right")
    first = 0.0
    for n_labels in arguments.labels:
        names = own[:n_labels]
        if len(names) < n_labels:
            names = [f"kind of message number {number}" for number in range(n_labels)]
        measured = measure(loaded, texts, names)
        base = measured["bare"]
        scan = measured["only contenders"]
        first = first or scan
        table.add_row(
            str(n_labels),
            f"{base / len(texts) * 1000:.1f} ms/row",
            *(f"{measured[name] / base:.2f}" if name in measured else "" for name in VARIANTS),
            f"{measured['bytes a kept neuron']:.1f}",
            f"{scan / first:.2f}",
        )
    console = Console()
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory of this process: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
