"""Rereading candidates behind demonstrations, with the prompt prefix cached and without.

    python benchmarks/rescoring.py [POOL] [-n ROWS] [--baseline-rows ROWS] [--demonstrations K]

All read the same candidates with the same labelled rows in the prompt, the baseline a part of
them; what is compared is seconds a row. The cache is extended label by label, and the tokens that
each label cost are shown. "As the screen does it" is the engine's own rereading, in batches short
enough to answer her in between, the prefix read within its time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from inputs import SAMPLE, label_names, load, read_rows
from rich.console import Console
from rich.table import Table
from scan import batches

from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Demonstration,
    Example,
    Label,
    Task,
    content_hash,
)
from neufs_tui.core.settings import CaptureSettings, ModelChoice
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.rescoring import Rescorer
from neufs_tui.engine.scanning import Scanner
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.loaded import LoadedModel


def seconds_a_row(runner: CaptureRunner, prompts: list[EncodedPrompt]) -> float:
    """Read prompts in batches, sorted by length."""
    cut = batches(prompts, runner)
    runner.capture(cut[0][:1])  # the first pass pays for what later ones reuse
    began = time.perf_counter()
    for batch in cut:
        runner.capture(batch)
    return (time.perf_counter() - began) / len(prompts)


def seconds_on_screen(
    loaded: LoadedModel, task: Task, rows: list[tuple[str, str]], n_shown: int
) -> tuple[float, float]:
    """Seconds a candidate of the engine's rereading behind the first rows, and its longest step."""
    examples = tuple(
        Example(content_hash(f"{row} {text}"), text, row) for row, (text, _) in enumerate(rows)
    )
    labelled = zip(examples[:n_shown], rows, strict=False)
    with tempfile.TemporaryDirectory() as folder:
        config = EngineConfig(examples, task, ModelChoice(loaded.name), Path(folder))
        rescorer = Rescorer(config, Scanner(config, loaded))
        rescorer.follow(
            [
                Decision(example.id, DecisionKind.LABEL, Answer(label))
                for example, (_, label) in labelled
            ]
        )
        candidates = [example.id for example in examples[n_shown:]]
        times = [time.perf_counter()]
        while rescorer.step(candidates):
            times.append(time.perf_counter())
    steps = [after - before for before, after in pairwise(times)]
    return sum(steps) / len(candidates), max(steps[1:])


def main() -> None:
    """Print all ways and their ratio to whole prompts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool", nargs="?", type=Path, default=SAMPLE / "test.jsonl")
    parser.add_argument("-n", type=int, default=1000, help="candidates")
    parser.add_argument("--baseline-rows", type=int, default=100)
    parser.add_argument("--demonstrations", type=int, default=10)
    parser.add_argument("--model", default="smollm2-135m")
    arguments = parser.parse_args()
    rows = read_rows(arguments.pool)
    names = label_names(rows)
    texts = [row["text"] for row in rows]
    n_shown = arguments.demonstrations
    shown = [
        Demonstration(text, str(row["label"]))
        for text, row in zip(texts[:n_shown], rows, strict=False)
    ]
    loaded = load(arguments.model)
    task = Task(labels=tuple(map(Label, names)))
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    candidates = texts[n_shown : n_shown + arguments.n]
    prompts = [encoder.prompt(text, shown) for text in candidates]
    cached, whole = (CaptureRunner(loaded, encoder.candidates, CaptureSettings()) for _ in range(2))
    costs = [cached.share(encoder.shared_prefix(shown[:k])) for k in range(n_shown + 1)]
    own = [
        len(encoder.shared_prefix(shown[: k + 1])) - len(encoder.shared_prefix(shown[:k]))
        for k in range(n_shown)
    ]
    measured = {
        "prefix cached": (len(prompts), seconds_a_row(cached, prompts)),
        "whole prompts": (
            min(len(prompts), arguments.baseline_rows),
            seconds_a_row(whole, prompts[: arguments.baseline_rows]),
        ),
    }
    read = list(zip(texts, (str(row["label"]) for row in rows), strict=True))
    on_screen, longest = seconds_on_screen(loaded, task, read[: n_shown + len(prompts)], n_shown)
    measured["as the screen does it"] = (len(prompts), on_screen)
    base = measured["whole prompts"][1]
    title = f"rereading behind {n_shown} demonstrations, {loaded.name}, {loaded.dtype}"
    table = Table(title=title)
    for heading in ("", "rows", "ms a row", "times faster"):
        table.add_column(heading, justify="right")
    for name, (n_rows, seconds) in measured.items():
        table.add_row(name, f"{n_rows:,}", f"{seconds * 1000:.1f}", f"{base / seconds:.1f}")
    console = Console()
    console.print(table)
    console.print(
        f"tokens of the prefix: {sum(costs):,}, of a whole prompt about "
        f"{statistics.mean(len(prompt.ids) for prompt in prompts):,.0f}"
    )
    console.print(f"longest step on the screen once the prefix is read: {longest:.2f} s")
    console.print(f"tokens read for each label: {costs[1:]}, of its demonstration: {own}")


if __name__ == "__main__":
    main()
