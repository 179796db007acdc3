"""Are calibrated answers better than raw ones, with and without demonstrations?

    python benchmarks/calibration.py POOL:TEST[:SHARES] ... [--model MODEL ...] [-n ROWS]

POOL and TEST are JSONL with `label`, and `text` or `input`. SHARES, such as `spam=1,ham=9`,
subsamples both to these proportions. For each draw of the seed, 16 labelled rows are drawn from
the pool, and 64 more to calibrate on; the first k of the labelled are demonstrations. The prior is
what the k labels say, or all 16 where none is shown, each label counted once more (`smoothed`);
for comparison a uniform one. Differences to raw answers are paired, over rows and draws, with 95%
intervals by bootstrap. What is read is kept in the cache, so a run that was stopped goes on.
Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from inputs import examples_of, label_names, read_rows
from numpy.typing import NDArray

from neufs_tui.core.records import Demonstration, Example, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.set_readings import Wanted, read_sets
from neufs_tui.statistics.calibration import calibrated, class_prior, offsets
from neufs_tui.statistics.classification import Estimate, difference, figures
from neufs_tui.storage.paths import cache_dir

N_LABELLED, N_SAMPLE = 16, 64
Pair = tuple[str, str]


@dataclass(frozen=True)
class Draw:
    """What one seed draws."""

    labelled: Sequence[Pair]
    sample: Sequence[Example]


def pairs(path: Path, shares: dict[str, float], rng: random.Random) -> list[Pair]:
    """Texts with labels, shuffled, in the proportions that are wanted."""
    rows = read_rows(path)
    found = list(dict.fromkeys((row["text"], str(row["label"])) for row in rows))
    rng.shuffle(found)
    if not shares:
        return found
    by_label = {name: [pair for pair in found if pair[1] == name] for name in shares}
    unit = min(len(by_label[name]) / share for name, share in shares.items())
    kept = [pair for name, share in shares.items() for pair in by_label[name][: int(unit * share)]]
    rng.shuffle(kept)
    return kept


def draws_of(pool: Sequence[Pair], n: int) -> list[Draw]:
    """What each seed draws."""
    found = []
    for seed in range(n):
        drawn = random.Random(f"draw {seed}").sample(pool, N_LABELLED + N_SAMPLE)
        texts = [text for text, _ in drawn[N_LABELLED:]]
        found.append(Draw(drawn[:N_LABELLED], examples_of(texts)))
    return found


def told(estimate: Estimate) -> str:
    """With its interval."""
    return f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"


def lines(
    name: str, model: str, pool: Sequence[Pair], test: Sequence[Pair], shown: Sequence[int], n: int
) -> list[str]:
    """A line for each number of demonstrations."""
    names = label_names({"label": label} for _, label in [*pool, *test])
    task = Task(labels=tuple(map(Label, names)))
    config = EngineConfig((), task, ModelChoice(model), cache_dir())
    tests = examples_of(text for text, _ in test)
    gold = np.array([names.index(label) for _, label in test], dtype=np.intp)
    draws = draws_of(pool, n)
    wanted = [
        Wanted(tuple(Demonstration(*pair) for pair in draw.labelled[:k]), [*tests, *draw.sample])
        for k in shown
        for draw in draws
    ]
    read = iter(read_sets(config, wanted, lambda _: None).sets)
    table = []
    for k in shown:
        answers: dict[str, list[NDArray[np.float64]]] = {"raw": [], "smoothed": [], "uniform": []}
        for draw in draws:
            scores = next(read).scores
            given = [label for _, label in draw.labelled[: k or N_LABELLED]]
            priors = {
                "smoothed": class_prior(given, names),
                "uniform": class_prior((), names),
            }
            answers["raw"].append(calibrated(scores[: len(test)], np.zeros(len(names))))
            for kind, prior in priors.items():
                moved = offsets(scores[len(test) :], prior)
                answers[kind].append(calibrated(scores[: len(test)], moved))
        found = {kind: figures(each, gold, names) for kind, each in answers.items()}
        cells = [Path(model).stem[:20], name, str(k)]
        for kind in ("raw", "smoothed", "uniform"):
            cells.append(f"{found[kind].accuracy.value:.3f} / {found[kind].macro_f1.value:.3f}")
        for kind in ("smoothed", "uniform"):
            cells += map(told, difference(answers[kind], answers["raw"], gold))
        table.append(f"| {' | '.join(cells)} |")
    return table


def main() -> None:
    """Print the table, the lines of a pool as soon as they are known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", metavar="POOL:TEST[:SHARES]")
    parser.add_argument("--model", nargs="+", default=["smollm2-135m"])
    parser.add_argument("-n", type=int, default=100, help="test rows")
    parser.add_argument("--demonstrations", type=int, nargs="+", default=[0, 4, 8, 16])
    parser.add_argument("--draws", type=int, default=3)
    arguments = parser.parse_args()
    columns = [
        *("model", "pool", "shots", "raw: accuracy / macro-F1", "smoothed", "uniform"),
        *(f"{kind} − raw, {what}" for kind in ("smoothed", "uniform") for what in ("acc.", "F1")),
    ]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for model in arguments.model:
        for named in arguments.pools:
            pool, test, *rest = named.split(":")
            shares = dict(part.split("=") for part in rest[0].split(",")) if rest else {}
            weights = {label: float(share) for label, share in shares.items()}
            rng = random.Random(0)
            rows = pairs(Path(pool), weights, rng), pairs(Path(test), weights, rng)[: arguments.n]
            name = Path(pool).parent.name + (f" {rest[0]}" if rest else "")
            found = lines(name, model, *rows, arguments.demonstrations, arguments.draws)
            print("\n".join(found), flush=True)


if __name__ == "__main__":
    main()
