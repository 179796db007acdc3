"""What calibrated answers add to the engine's own work after a label, besides reading texts.

    python benchmarks/calibrating.py [N ...] [--labels LABELS]

A pool of N random captures is labelled, the next example that the ranker names each time, by two
rankers in turn: one that calibrates and one that does not. Every text counts as reread behind the
labels, with scores of its own each time, so that nothing of an earlier label serves. Prints the
median of what a ranking takes with each, and the median of their ratios.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from inputs import examples_of

from neufs_tui.core.neurons import Capture
from neufs_tui.core.records import Answer, Decision, DecisionKind, Label, Task
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.calibrating import Calibrator
from neufs_tui.engine.protocol import EngineConfig, Focus
from neufs_tui.engine.ranking import Ranker

N_LABEL_NAMES, N_NEURONS, SET_SIZE = 6, 46_080, 553


def captured(rng: np.random.Generator) -> Capture:
    """One example, its neurons mostly those that most examples have."""
    strongest = np.unique((rng.beta(1, 30, SET_SIZE) * N_NEURONS).astype(np.uint32))
    return Capture(
        answer=0,
        scores=rng.normal(size=N_LABEL_NAMES).astype(np.float32),
        neurons=strongest,
        contributions=np.ones(len(strongest), dtype=np.float16),
        neuron_count=int(rng.integers(1000, 2000)),
        n_answer_tokens=1,
        nucleus=int(rng.integers(100, 500)),
        participation=float(rng.uniform(10, 40)),
    )


def measured(n: int, n_labels: int) -> str:
    """A line of the table."""
    rng = np.random.default_rng(0)
    examples = examples_of(f"text {number}" for number in range(n))
    task = Task(labels=tuple(Label(f"label {number}") for number in range(N_LABEL_NAMES)))
    settings = SelectionSettings()
    config = EngineConfig(examples, task, ModelChoice(), Path(), selection=settings)
    captures = {example.id: captured(rng) for example in examples}
    rankers = {}
    for calibrator in (None, Calibrator(config, reads_all=True)):
        ranker = Ranker(examples, task, settings, calibrator=calibrator)
        ranker.observe(captures, complete=True)
        ranker.finish()
        rankers[calibrator is not None] = ranker
    decisions: tuple[Decision, ...] = ()
    taken: dict[bool, list[float]] = {False: [], True: []}
    for number in range(n_labels):
        shift = rng.normal(size=N_LABEL_NAMES).astype(np.float32)
        reread = {one: replace(of, scores=of.scores + shift) for one, of in captures.items()}
        pick = None
        for calibrates in ((False, True), (True, False))[number % 2]:
            ranker = rankers[calibrates]
            began = time.perf_counter()
            ranker.refresh(reread, n_demonstrations=number)
            pick = ranker.answer(Focus(number, decisions, None)).pick
            taken[calibrates].append(time.perf_counter() - began)
        assert pick is not None  # there are more examples than labels
        answer = Answer(task.label_names[number % N_LABEL_NAMES])
        decisions += (Decision(pick.example_id, DecisionKind.LABEL, answer),)
    without, with_it = (taken[one][n_labels // 2 :] for one in (False, True))
    ratio = median(one / other for one, other in zip(with_it, without, strict=True))
    return (
        f"{n:>8,} {1000 * median(without):>10.1f} ms {1000 * median(with_it):>10.1f} ms"
        f" {1000 * (median(with_it) - median(without)):>8.1f} ms {ratio:>8.2f}"
    )


def main() -> None:
    """Print a line for each pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", nargs="*", type=int, default=[300, 10_000])
    parser.add_argument("--labels", type=int, default=24)
    arguments = parser.parse_args()
    print("    pool       without          with     more    ratio", flush=True)
    for n in arguments.n:
        print(measured(n, arguments.labels), flush=True)


if __name__ == "__main__":
    main()
