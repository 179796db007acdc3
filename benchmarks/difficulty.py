"""Does a difficulty signal tell the model's wrong answers from its right ones?

    python benchmarks/difficulty.py POOL ... [--model MODEL ...] [-n ROWS] [--demonstrations K ...]

For each pool, model and number of demonstrations: AUROC of every signal for *the answer is
wrong*, over all rows and within the predicted label (pairs of one wrong and one right row with
the same answer). The rows are split over several draws of demonstrations; signals are
standardised inside a draw, as the tool does it. Intervals are 95%, by bootstrap over the rows.
Pools are JSONL with `label`, and `text` or `input`. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from inputs import load, read_rows
from scan import batches

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.core.settings import SIGNALS, CaptureSettings
from neufs_tui.model.capture import CaptureRunner
from neufs_tui.model.encoding import EncodedPrompt, PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.selection.difficulty import scan_difficulty
from neufs_tui.storage.gold_labels import gold_labels, written
from neufs_tui.storage.pool import read_pool

N_RESAMPLES = 2000


def captured(
    loaded: LoadedModel, task: Task, rows: list[tuple[str, str]], shown: list[Demonstration]
) -> list[Capture]:
    """Read rows behind demonstrations; captures in the rows' order."""
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    neutral = encoder.prompt("", shown).ids
    runner = CaptureRunner(loaded, encoder.candidates, CaptureSettings(), neutral_prompt=neutral)
    runner.share(encoder.shared_prefix(shown))
    prompts = [encoder.prompt(text, shown) for text, _ in rows]
    captures: dict[EncodedPrompt, Capture] = {}
    for batch in batches(prompts, runner):
        captures.update(zip(batch, runner.capture(batch), strict=True))
    return [captures[prompt] for prompt in prompts]


def area(values: np.ndarray, wrong: np.ndarray, answers: np.ndarray | None) -> tuple[float, ...]:
    """AUROC with its bootstrap interval; within equal answers if they are given."""
    harder, easier = np.flatnonzero(wrong), np.flatnonzero(~wrong)
    if not len(harder) or not len(easier):
        return (np.nan,) * 3
    difference = values[harder][:, None] - values[easier]
    wins = (difference > 0) + 0.5 * (difference == 0)
    counted = np.ones_like(wins)
    if answers is not None:
        counted = (answers[harder][:, None] == answers[easier]).astype(float)
    if not counted.any():
        return (np.nan,) * 3
    rng = np.random.default_rng(0)
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), N_RESAMPLES)
    rows, columns = weights[:, harder].astype(float), weights[:, easier].astype(float)
    won = ((rows @ (wins * counted)) * columns).sum(axis=1)
    of = ((rows @ counted) * columns).sum(axis=1)
    low, high = np.nanpercentile(won[of > 0] / of[of > 0], [2.5, 97.5])
    return float((wins * counted).sum() / counted.sum()), float(low), float(high)


def measured(
    loaded: LoadedModel, pool: Path, *, n_rows: int, n_shown: int, n_draws: int
) -> Iterator[str]:
    """One line for each of a pool's two kinds of comparison."""
    rows = read_rows(pool)
    gold = gold_labels(read_pool(str(pool)), "label")
    label_of = gold.label_of
    pairs = [(row["text"], label_of[written(row["label"])]) for row in rows]
    random.Random(0).shuffle(pairs)
    names = sorted(gold.names)
    task = Task(labels=tuple(map(Label, names)))
    read, rest = pairs[:n_rows], pairs[n_rows:]
    values = {signal: np.zeros(n_rows) for signal in SIGNALS}
    answers, wrong = np.zeros(n_rows, dtype=int), np.zeros(n_rows, dtype=bool)
    for draw in range(n_draws):
        shown = [Demonstration(*pair) for pair in rest[draw * n_shown : (draw + 1) * n_shown]]
        own = slice(draw, None, n_draws)
        captures = captured(loaded, task, read[own], shown)
        difficulty = scan_difficulty(captures)
        for signal in SIGNALS:
            values[signal][own] = difficulty.values[signal]
        answers[own] = [capture.answer for capture in captures]
        wrong[own] = [
            names[capture.answer] != label
            for capture, (_, label) in zip(captures, read[own], strict=True)
        ]
    name = pool.parent.name if pool.stem == "pool" else pool.stem
    for title, within in (("all rows", None), ("same answer", answers)):
        cells = [
            "{:.2f} ({:.2f}–{:.2f})".format(*area(values[signal], wrong, within))
            for signal in SIGNALS
        ]
        head = (loaded.name, name, n_shown, f"{1 - wrong.mean():.2f}", title)
        yield f"| {' | '.join(map(str, (*head, *cells)))} |"


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", type=Path)
    parser.add_argument("--model", nargs="+", default=["smollm2-135m"])
    parser.add_argument("-n", type=int, default=300, help="rows")
    parser.add_argument("--demonstrations", type=int, nargs="+", default=[0, 5, 10])
    parser.add_argument("--draws", type=int, default=3)
    arguments = parser.parse_args()
    columns = ("model", "pool", "demonstrations", "accuracy", "over", *SIGNALS)
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for model in arguments.model:
        loaded = load(model)
        for pool in arguments.pools:
            for n_shown in arguments.demonstrations:
                lines = measured(
                    loaded, pool, n_rows=arguments.n, n_shown=n_shown, n_draws=arguments.draws
                )
                print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
