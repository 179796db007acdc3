"""Do the intervals of a check set hold what they promise?

    python benchmarks/check_intervals.py POOL:TEST ... [--model MODEL] [-n ROWS]

For each pool, the answers to the test's rows are read once without demonstrations and once behind
8 random ones, raw and calibrated. Then check sets of 10, 20 and 40 rows are drawn from them, a
thousand of each, and the 95% interval of the accuracy is compared with the accuracy over all rows.
Prints the share of intervals that hold it, and their mean width. What is read is kept in the cache.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from calibration import N_LABELLED, draws_of, pairs
from inputs import examples_of, label_names
from numpy.typing import NDArray

from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.set_readings import Wanted, read_sets
from neufs_tui.statistics.calibration import calibrated, class_prior, offsets
from neufs_tui.statistics.intervals import share_interval
from neufs_tui.storage.paths import cache_dir

N_SHOWN = 8
N_CHECK_SETS = 1000
SIZES = (10, 20, 40)


def right_answers(pool: Path, test: Path, model: str, n: int) -> dict[str, NDArray[np.bool_]]:
    """Which rows are answered right, by way of reading."""
    rng = random.Random(0)
    labelled, tested = pairs(pool, {}, rng), pairs(test, {}, rng)[:n]
    names = label_names({"label": label} for _, label in [*labelled, *tested])
    gold = np.array([names.index(label) for _, label in tested])
    config = EngineConfig((), Task(tuple(map(Label, names))), ModelChoice(model), cache_dir())
    (draw,) = draws_of(labelled, 1)
    shown = tuple(Demonstration(*pair) for pair in draw.labelled[:N_SHOWN])
    texts = [*examples_of(text for text, _ in tested), *draw.sample]
    read = read_sets(config, [Wanted((), texts), Wanted(shown, texts)], lambda _: None)
    prior = class_prior((label for _, label in draw.labelled[:N_LABELLED]), names)
    found = {}
    for name, reading in zip(("without", "with"), read.sets, strict=True):
        scores, sample = reading.scores[: len(gold)], reading.scores[len(gold) :]
        found[f"{name}, raw"] = scores.argmax(axis=1) == gold
        shares = calibrated(scores, offsets(sample, prior))
        found[f"{name}, calibrated"] = shares.argmax(axis=1) == gold
    return found


def held(right: NDArray[np.bool_], size: int, seed: int) -> tuple[float, float]:
    """Share of intervals that hold the accuracy over all rows, and their mean width."""
    rng = np.random.default_rng(seed)
    drawn = right[rng.integers(0, len(right), (N_CHECK_SETS, size))].sum(axis=1)
    low, high = np.array([share_interval(int(one), size) for one in drawn]).T
    true = right.mean()
    return float(((low <= true) & (true <= high)).mean()), float((high - low).mean())


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", metavar="POOL:TEST")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("-n", type=int, default=300, help="test rows")
    arguments = parser.parse_args()
    sizes = " | ".join(f"{size}: holds / width" for size in SIZES)
    print(f"| pool | read | accuracy | {sizes} |\n|{'---|' * (3 + len(SIZES))}", flush=True)
    shares: dict[int, list[float]] = {size: [] for size in SIZES}
    for named in arguments.pools:
        pool, test = map(Path, named.split(":"))
        found = right_answers(pool, test, arguments.model, arguments.n)
        for place, (name, right) in enumerate(found.items()):
            cells = []
            for size in SIZES:
                share, width = held(right, size, place)
                shares[size].append(share)
                cells.append(f"{share:.1%} / {width:.2f}")
            line = [pool.parent.name, name, f"{right.mean():.2f}", *cells]
            print(f"| {' | '.join(line)} |", flush=True)
    means = [f"{np.mean(shares[size]):.1%}" for size in SIZES]
    print(f"| mean | | | {' | '.join(means)} |", flush=True)


if __name__ == "__main__":
    main()
