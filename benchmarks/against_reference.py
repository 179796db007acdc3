"""Scan and select against a slow baseline that works as the reference's two scripts do.

    python benchmarks/against_reference.py POOL [-n ROWS] [--baseline-rows ROWS]

The baseline, written here from their description, reads the whole prompt once per candidate in
batches of four, keeps every layer's activations at all positions, projects the down-projections
for every batch anew, writes each contribution as a JSON object, and selects from dense arrays.
Both sides run one after the other in processes of their own, with the same model, dtype, rows
and labels; loading the model is not counted. The baseline may be given fewer rows; what is
compared is seconds and bytes a row.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from inputs import examples_of, label_names, load, read_rows
from rich.console import Console
from rich.table import Table

from neufs_tui.core.records import Label, Task
from neufs_tui.core.settings import CaptureSettings, ModelChoice, SelectionSettings
from neufs_tui.engine.in_process import scan_pool, select_pool
from neufs_tui.engine.protocol import EngineConfig, Event, ModelReady
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.pushes import Pushes
from neufs_tui.storage.paths import models_dir

ENTRIES, SET_SIZE, BATCH, SHOTS = 2000, 500, 4, 4


def ours(texts: list[str], task: Task, dtype: str, folder: Path) -> None:
    """Scan into an empty cache and select."""
    began = 0.0

    def listen(event: Event) -> None:
        nonlocal began
        if isinstance(event, ModelReady):
            began = time.perf_counter()

    (folder / "models").symlink_to(models_dir())
    config = EngineConfig(
        examples=examples_of(texts),
        task=task,
        model=ModelChoice(dtype=dtype, device="cpu"),
        cache_dir=folder,
        capture=CaptureSettings(),
        selection=SelectionSettings(shots=SHOTS),
        batch_halvings=0,
    )
    select_pool(config, scan_pool(config, listen))
    seconds = time.perf_counter() - began
    n_bytes = sum(file.stat().st_size for file in (folder / "activations").iterdir())
    report(seconds, n_bytes, len(texts))


def baseline(texts: list[str], task: Task, dtype: str, folder: Path) -> None:
    """The two scripts: capture to JSON, then select from it."""
    loaded = load("smollm2-135m", dtype=dtype, device="cpu")
    began = time.perf_counter()
    out = folder / "capture.json"
    capture_to_json(loaded, texts, task, out)
    select_from_json(loaded, out)
    report(time.perf_counter() - began, out.stat().st_size, len(texts))


@torch.no_grad()
def capture_to_json(loaded: LoadedModel, texts: list[str], task: Task, out: Path) -> None:
    """Every candidate of every text in a full pass of its own."""
    architecture = loaded.architecture
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    seen: dict[int, torch.Tensor] = {}
    d_mlp = max(architecture.shape.n_active)
    for layer, ffn in architecture.every_ffn():

        def keep(_: object, args: tuple[torch.Tensor, ...], layer: int = layer) -> None:
            seen[layer] = args[0].detach().clone()

        ffn.output.register_forward_pre_hook(keep)
    records = []
    for text in texts:
        prompt = list(encoder.prompt(text).ids)
        scored = []
        for start in range(0, len(encoder.candidates), BATCH):
            candidates = encoder.candidates[start : start + BATCH]
            width = len(prompt) + max(map(len, candidates))
            ids = torch.full((len(candidates), width), loaded.pad_id)
            mask = torch.zeros_like(ids)
            for row, candidate in enumerate(candidates):
                ids[row, : len(prompt) + len(candidate)] = torch.tensor([*prompt, *candidate])
                mask[row, : len(prompt) + len(candidate)] = 1
            logits = loaded.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            log_probabilities = logits.float().log_softmax(dim=2)
            tokens = sorted({token for candidate in candidates for token in candidate})
            pushes = Pushes(architecture, tokens)
            for row, candidate in enumerate(candidates):
                positions = torch.arange(len(candidate)) + len(prompt) - 1
                score = log_probabilities[row, positions, torch.tensor(candidate)].mean().item()
                places = torch.tensor([tokens.index(token) for token in candidate])
                entries = []
                for layer in range(architecture.n_layers):
                    own = seen[layer][row, positions].float() * pushes.of(layer, places, None)
                    flat = own.flatten()
                    values, index = flat.topk(min(ENTRIES, len(flat)))
                    entries.append((index, values))
                scored.append((score, entries))
        score, entries = max(scored, key=lambda one: one[0])
        records.append(
            {
                "text": text,
                "score": score,
                "neurons": [
                    {
                        "layer": layer,
                        "position": int(index) // d_mlp,
                        "neuron": int(index) % d_mlp,
                        "score": float(value),
                    }
                    for layer, (indices, values) in enumerate(entries)
                    for index, value in zip(indices, values, strict=True)
                ],
            }
        )
    out.write_text(json.dumps(records))


def select_from_json(loaded: LoadedModel, path: Path) -> list[int]:
    """k-medoids over dense arrays, ten starts."""
    architecture = loaded.architecture
    records = json.loads(path.read_text())
    d_mlp = max(architecture.shape.n_active)
    dense = np.zeros((len(records), architecture.n_layers, d_mlp), dtype=np.float32)
    for row, record in enumerate(records):
        for entry in record["neurons"]:
            at = (row, entry["layer"], entry["neuron"])
            dense[at] = max(dense[at], entry["score"])
    flat = dense.reshape(len(records), -1)
    kept = np.zeros_like(flat)
    np.put_along_axis(kept, np.argsort(-flat, axis=1)[:, :SET_SIZE], 1, axis=1)
    distances = np.zeros((len(records), len(records)))
    for one in range(len(records)):
        for other in range(len(records)):
            shared = np.minimum(kept[one], kept[other]).sum()
            distances[one, other] = 1 - shared / np.maximum(kept[one], kept[other]).sum()
    best: tuple[float, list[int]] = (np.inf, [])
    for start in range(10):
        medoids = np.random.default_rng(start).permutation(len(records))[:SHOTS]
        for _ in range(100):
            nearest = distances[medoids].argmin(axis=0)
            moved = np.array(
                [
                    members[distances[np.ix_(members, members)].sum(axis=0).argmin()]
                    for members in (np.flatnonzero(nearest == c) for c in range(len(medoids)))
                    if len(members)
                ]
            )
            if np.array_equal(moved, medoids):
                break
            medoids = moved
        best = min(best, (distances[medoids].min(axis=0).sum(), medoids.tolist()))
    return best[1]


def report(seconds: float, n_bytes: int, n_rows: int) -> None:
    """What one side took, for the other process to read."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "bytes": n_bytes, "rows": n_rows, "peak": peak}))


def main() -> None:
    """Run both sides and print their ratios, or one side for the other process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("-n", type=int, default=100, help="rows")
    parser.add_argument(
        "--baseline-rows", type=int, help="rows of the baseline, as many by default"
    )
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--side", choices=["ours", "baseline"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        rows = read_rows(arguments.pool)
        texts = [row["text"] for row in rows[: arguments.n]]
        task = Task(labels=tuple(map(Label, label_names(rows))))
        side = ours if arguments.side == "ours" else baseline
        with tempfile.TemporaryDirectory() as folder:
            side(texts, task, arguments.dtype, Path(folder))
        return
    sides = {"ours": arguments.n, "baseline": arguments.baseline_rows or arguments.n}
    measured = {}
    for side, n in sides.items():
        command = [sys.executable, __file__, str(arguments.pool), "-n", str(n), "--side", side]
        command += ["--dtype", arguments.dtype]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        measured[side] = json.loads(done.stdout.splitlines()[-1])
    table = Table(title=f"scan and select, {arguments.pool.parent.name}, {arguments.dtype}")
    for heading in ("", "rows", "seconds a row", "bytes a row", "peak memory of the process"):
        table.add_column(heading, justify="right")
    for side, found in measured.items():
        table.add_row(
            side,
            str(found["rows"]),
            f"{found['seconds'] / found['rows']:.3f}",
            f"{found['bytes'] / found['rows']:,.0f}",
            f"{found['peak'] / 2**20:,.0f} MB",
        )
    ratios = [
        measured["baseline"][what]
        / measured["baseline"]["rows"]
        * measured["ours"]["rows"]
        / measured["ours"][what]
        for what in ("seconds", "bytes")
    ]
    peak = measured["baseline"]["peak"] / measured["ours"]["peak"]
    table.add_row("ratio", "", f"{ratios[0]:.1f}", f"{ratios[1]:.0f}", f"{peak:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
