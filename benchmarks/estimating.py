"""How long the label estimates of a pool take after a label.

    python benchmarks/estimating.py [N ...] [--labels LABELS] [--classes CLASSES]

A pool of N random captures gets labels, each of which is learned from before the next; what is
learned from the first is left out, since the pool is standardised then. Prints milliseconds of
processor time a label, by number of labels: median, 95th percentile and the most.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from calibrating import captured
from inputs import examples_of

from neufs_tui.core.neurons import HIDDEN_DIMENSIONS, Capture
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.estimating import Estimator
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.selection.scanned_pool import ScannedPool

SPANS = ((2, 32), (33, 96), (97, 256))


def held(rng: np.random.Generator, n_classes: int) -> Capture:
    """One example with hidden states."""
    return replace(
        captured(rng),
        scores=rng.normal(size=n_classes).astype(np.float32),
        hidden=rng.normal(size=(2, HIDDEN_DIMENSIONS)).astype(np.float16),
    )


def lines(n: int, n_labels: int, n_classes: int) -> list[str]:
    """A line for each span of labels."""
    rng = np.random.default_rng(0)
    examples = examples_of(f"text {number}" for number in range(n))
    names = tuple(f"label {number}" for number in range(n_classes))
    config = EngineConfig(examples, Task(tuple(map(Label, names))), ModelChoice(), Path())
    pool = ScannedPool({example.id: held(rng, n_classes) for example in examples})
    captures = dict(zip(pool.ids, pool.captures, strict=True))
    estimator = Estimator(Calibrator(config, reads_all=True), names)
    decisions: list[Decision] = []
    taken = []
    for place in rng.permutation(n)[:n_labels].tolist():
        given = Answer(names[int(rng.integers(n_classes))])
        decisions.append(Decision(pool.ids[place], DecisionKind.LABEL, given))
        began = time.process_time()
        estimator.estimate(pool, decisions, (), captures)
        taken.append(1000 * (time.process_time() - began))
    found = []
    for first, last in SPANS:
        span = taken[first - 1 : last]
        if span:
            middle, high = np.percentile(span, [50, 95])
            found.append(
                f"{n:>8,} {first:>6} to {min(last, n_labels):<4} {middle:>9.0f} {high:>7.0f}"
                f" {max(span):>7.0f}"
            )
    return found


def main() -> None:
    """Print the lines of each pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", nargs="*", type=int, default=[10_000])
    parser.add_argument("--labels", type=int, default=128)
    parser.add_argument("--classes", type=int, default=4)
    arguments = parser.parse_args()
    print("    pool       labels    median     95%    most", flush=True)
    for n in arguments.n:
        print("\n".join(lines(n, arguments.labels, arguments.classes)), flush=True)


if __name__ == "__main__":
    main()
