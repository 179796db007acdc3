"""A session of 2,000 labels on 100,000 examples: is the last label as fast as the first?

    python benchmarks/long_session.py [-n ROWS] [--labels N] [--folder FOLDER]

A tiny random-weight model, a pool whose scan is in the cache (neuron sets drawn in groups, so that
nobody waits for 100,000 forward passes), rereading on. The program runs in a pseudo-terminal of
80 x 24. Of each hundred labels four fifths come every quarter of a second, as nobody labels; then
the ranking may catch up, and the last fifth comes every 0.8 s. `behind` counts, at that pace, the
labels that the choice of an example does not know. The baseline is the first hundred labels. Then
fifty labels are undone, a key every 50 ms, the program is ended and started again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from inputs import SAMPLE, read_rows
from rich.console import Console
from rich.table import Table
from screen import Screen
from transformers import LlamaConfig, PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

LABELS = ("yes", "no")
N_LAYERS, D_MLP = 3, 48
"""Of the model."""
GROUPS = 40
"""Kinds of neuron sets."""
QUICK_S, USUAL_S = 0.25, 0.8
BLOCK = 100


@dataclass
class Block:
    """What was measured over some labels."""

    keys: list[float] = field(default_factory=list)
    """Seconds from a key to the next example painted."""
    behind: list[int] = field(default_factory=list)
    app_mb: float = 0.0
    engine_mb: float = 0.0


def save_model(folder: Path) -> None:
    """A tiny Llama with a window of 4,096 tokens, and a byte-level tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    turns = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    vocabulary = {token: number for number, token in enumerate([*turns, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(turns)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>"
    )
    fast.chat_template = (
        "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=D_MLP,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=4,
        max_position_embeddings=4096,
        pad_token_id=0,
        eos_token_id=0,
        bos_token_id=None,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)


def write_pool(path: Path, n: int) -> None:
    """Different short texts made of the sample's words, with fields that nobody needs."""
    words = " ".join(row["text"] for row in read_rows(SAMPLE / "pool.jsonl")).split()
    rng = np.random.default_rng(0)
    with path.open("w") as stream:
        for number in range(n):
            text = " ".join(rng.choice(words, rng.integers(6, 15)))
            row = {"id": f"r{number}", "text": f"{text} {number}", "source": "a" * 60}
            stream.write(json.dumps(row) + "\n")


def store_scan(pool: Path) -> None:
    """Put a capture of each text where the engine looks for it."""
    from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
    from neufs_tui.core.settings import CaptureSettings
    from neufs_tui.engine.announcer import Announcer
    from neufs_tui.engine.configure import engine_config
    from neufs_tui.engine.scanning import Scanner
    from neufs_tui.model.loading.checked import load_checked_model
    from neufs_tui.project.project import read_project
    from neufs_tui.project.request import ProjectRequest

    request = ProjectRequest(str(pool), labels=LABELS, model="tiny")
    config = engine_config(read_project(request), CaptureSettings())
    listener = Announcer(lambda _: None)
    loaded = load_checked_model(config.model, config.cache_dir / "models", listener)
    scanner = Scanner(config, loaded)
    rng = np.random.default_rng(1)
    n_neurons = N_LAYERS * D_MLP
    groups = [rng.permutation(n_neurons)[:60] for _ in range(GROUPS)]

    def captures() -> Iterator[tuple[str, Capture]]:
        for example in config.examples:
            group = groups[rng.integers(GROUPS)]
            own = np.union1d(rng.permutation(group)[:32], rng.permutation(n_neurons)[:6])
            scores = np.log(rng.dirichlet((1.0, 1.0))).astype(np.float32)
            yield (
                example.id,
                Capture(
                    answer=int(scores.argmax()),
                    scores=scores,
                    neurons=own.astype(np.uint32),
                    contributions=rng.random(len(own)).astype(np.float16),
                    neuron_count=int(rng.integers(60, 120)),
                    n_answer_tokens=2,
                    nucleus=int(rng.integers(10, 40)),
                    participation=float(rng.uniform(5, 30)),
                    hidden=rng.normal(size=(2, HIDDEN_DIMENSIONS)).astype(np.float16),
                ),
            )

    batch = list(captures())
    for start in range(0, len(batch), 5_000):
        scanner._writer.put(batch[start : start + 5_000])
    scanner.close()


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def engine_pid(app: int) -> int:
    """The process that the app has started."""
    children = Path(f"/proc/{app}/task").glob("*/children")
    return int(" ".join(one.read_text() for one in children).split()[0])


def n_behind(screen: Screen) -> int:
    """Labels that the choice on the screen does not know."""
    found = re.search(r"chosen ([\d,]+) labels? ago", screen.text.replace("\n", " "))
    return int(found[1].replace(",", "")) if found else 0


def label(screen: Screen, n: int) -> list[Block]:
    """Give n labels."""
    blocks = []
    for start in range(0, n, BLOCK):
        block = Block()
        for number in range(start, min(n, start + BLOCK)):
            is_usual = number - start >= 0.8 * BLOCK
            if number - start == 0.8 * BLOCK:
                catch_up(screen)
            block.keys.append(screen.press("12"[number % 2]))
            screen.pause(USUAL_S if is_usual else QUICK_S)
            if is_usual:
                block.behind.append(n_behind(screen))
        block.app_mb = memory_mb(screen.pid)
        block.engine_mb = memory_mb(engine_pid(screen.pid))
        blocks.append(block)
    return blocks


def catch_up(screen: Screen) -> None:
    """Label on at leisure until the choice knows every label."""
    for _ in range(20):
        screen.pause(2 * USUAL_S)
        if not n_behind(screen):
            return
        screen.press("1")


def undo(screen: Screen, n: int) -> list[float]:
    """Seconds from each of n keys to its paint."""
    taken = []
    for _ in range(n):
        taken.append(screen.press("u"))
        screen.pause(max(0.0, 0.05 - taken[-1]))
    return taken


def restart(command: list[str], folder: str) -> tuple[Screen, float, float]:
    """Start again: seconds until an example is shown, and until it is ranked."""
    began = time.perf_counter()
    screen = Screen(command, folder)
    while not re.search(r"\w{3,} .*\w{3,}", "\n".join(screen.body)):
        screen.read()
    shown = time.perf_counter() - began
    while "has read all" not in screen.text and "read again" not in screen.text:
        screen.read()
    return screen, shown, time.perf_counter() - began


def quantile(seconds: list[float], share: float) -> str:
    """In milliseconds."""
    return f"{1000 * float(np.quantile(seconds, share, method='higher')):.0f} ms"


def main() -> None:
    """Print a line per hundred labels, then undo and restart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=100_000, help="rows")
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="keeps pool and scan for the next run")
    arguments = parser.parse_args()
    program = shutil.which("neufs-tui", path=str(Path(sys.executable).parent))
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        for kind in ("CACHE", "STATE", "CONFIG"):
            os.environ[f"XDG_{kind}_HOME"] = str(folder.absolute() / kind.lower())
        if not Path("pool.jsonl").exists():
            save_model(Path("tiny"))
            write_pool(Path("pool.jsonl"), arguments.n)
            store_scan(Path("pool.jsonl"))
        for old in Path().glob("pool.neufs.db*"):
            old.unlink()
        command = [str(program), "label", "pool.jsonl", "--model", "tiny"]
        for name in LABELS:
            command += ["--label", name]
        began = time.perf_counter()
        screen = Screen(command, str(folder))
        screen.wait_for("has read all")
        ready_s = time.perf_counter() - began
        catch_up(screen)
        blocks = label(screen, arguments.labels)
        undone = undo(screen, min(50, arguments.labels))
        quit_s = screen.quit()
        screen, shown_s, ranked_s = restart(command, str(folder))
        screen.quit()
    console = Console()
    table = Table(title=f"{arguments.n:,} examples, {arguments.labels:,} labels")
    for heading in ("labels", "median", "p95", "worst", "behind", "app", "engine"):
        table.add_column(heading, justify="right")
    for number, block in enumerate(blocks):
        table.add_row(
            f"{number * BLOCK + len(block.keys):,}",
            *(quantile(block.keys, share) for share in (0.5, 0.95, 1.0)),
            str(max(block.behind, default=0)),
            f"{block.app_mb:,.0f} MB",
            f"{block.engine_mb:,.0f} MB",
        )
    console.print(table)
    first, every = blocks[0].keys, [key for block in blocks for key in block.keys]
    ratio = np.median(blocks[-1].keys) / np.median(first)
    console.print(f"all keys: p95 {quantile(every, 0.95)}, worst {quantile(every, 1.0)}")
    console.print(f"median of the last hundred against the first: {ratio:.2f}")
    console.print(f"undo: p95 {quantile(undone, 0.95)}, worst {quantile(undone, 1.0)}")
    console.print(
        f"first start to the scan's end {ready_s:.1f} s, quit {quit_s:.2f} s, "
        f"restart: example {shown_s:.2f} s, ranking {ranked_s:.1f} s"
    )


if __name__ == "__main__":
    main()
