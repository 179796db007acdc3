"""Are labels scored as lm-evaluation-harness scores them?

    python benchmarks/against_lm_eval.py POOL ... [--model MODEL] [-n ROWS] [--demonstrations K]

Needs lm_eval (0.4.13 was used), which is no dependency of the project. The harness is given, as
strings, the prompt that is read here and each label as its continuation, and the same weights in
float32. Prints the largest difference of a label's summed log-likelihood over all rows and labels,
and in how many rows the label with the largest sum is the same. The baseline is the harness.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from inputs import label_names, load, read_rows
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from numpy.typing import NDArray

from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.core.settings import CaptureSettings
from neufs_tui.model.encoding import PromptEncoder
from neufs_tui.model.loaded import LoadedModel
from neufs_tui.model.score_runner import ScoreRunner

BATCH = 8


def harness_sums(model: HFLM, prompts: list[str], names: list[str]) -> NDArray[np.float64]:
    """Summed log-likelihood of each label behind each prompt, shape (n, n_labels)."""
    pairs = [(prompt, name) for prompt in prompts for name in names]
    asked = [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]
    told = model.loglikelihood(asked, disable_tqdm=True)
    return np.array([sum_ for sum_, _ in told]).reshape(len(prompts), len(names))


def compared(loaded: LoadedModel, harness: HFLM, pool: Path, *, n: int, n_shown: int) -> str:
    """One line for a pool."""
    rows = read_rows(pool)
    random.Random(0).shuffle(rows)
    names = label_names(rows)
    task = Task(labels=tuple(map(Label, names)))
    shown = [Demonstration(row["text"], str(row["label"])) for row in rows[n : n + n_shown]]
    encoder = PromptEncoder(loaded.tokenizer, task, context_window=loaded.context_window)
    runner = ScoreRunner(loaded, encoder.candidates, CaptureSettings())
    runner.share(encoder.shared_prefix(shown))
    prompts = [encoder.prompt(row["text"], shown) for row in rows[:n]]
    means = [runner.scores(prompts[start : start + BATCH]) for start in range(0, n, BATCH)]
    lengths = np.array([len(one) for one in encoder.candidates])
    sums = np.concatenate(means).astype(np.float64) * lengths
    texts = [loaded.tokenizer.decode(prompt.ids) for prompt in prompts]
    theirs = harness_sums(harness, texts, names)
    same = int((sums.argmax(axis=1) == theirs.argmax(axis=1)).sum())
    return (
        f"{pool.parent.name}: {n} rows, {len(names)} labels, {n_shown} demonstrations: "
        f"largest difference {np.abs(sums - theirs).max():.1e}, same answer in {same}"
    )


def main() -> None:
    """Print a line for each pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", type=Path)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("-n", type=int, default=200, help="rows")
    parser.add_argument("--demonstrations", type=int, default=4)
    arguments = parser.parse_args()
    loaded = load(arguments.model, dtype="float32", device="cpu")
    harness = HFLM(
        pretrained=loaded.model, tokenizer=loaded.tokenizer, backend="causal", batch_size=BATCH
    )
    for pool in arguments.pools:
        line = compared(loaded, harness, pool, n=arguments.n, n_shown=arguments.demonstrations)
        print(line, flush=True)


if __name__ == "__main__":
    main()
