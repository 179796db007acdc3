"""Are calibrated answers better than raw ones, with and without demonstrations?

    python benchmarks/calibration.py POOL:TEST[:SHARES] ... [--model MODEL ...] [-n ROWS] [--chosen]

POOL and TEST are JSONL with `label`, and `text` or `input`. SHARES, such as `spam=1,ham=9`,
subsamples both to these proportions. For each draw of the seed, 16 labelled rows are drawn from
the pool, and 64 more to calibrate on; the first k of the labelled are demonstrations. The prior is
what the k labels say, or all 16 where none is shown, each label counted once more (`smoothed`);
for comparison a uniform one. With --chosen the default strategy chooses the labelled rows among
400 of the pool, without rereading, and a third prior weighs each label by the share of these rows
that are nearest to it (`nearest`). Differences to raw answers are paired, over rows and draws,
with 95% intervals by bootstrap. What is read is kept in the cache, so a run that was stopped goes
on. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from inputs import examples_of, label_names, read_rows
from numpy.typing import NDArray

from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Demonstration,
    Example,
    Label,
    Task,
)
from neufs_tui.core.settings import ModelChoice, SelectionSettings
from neufs_tui.engine.in_process import scan_pool
from neufs_tui.engine.protocol import EngineConfig, Focus
from neufs_tui.engine.ranking import Ranker
from neufs_tui.engine.set_readings import Wanted, read_sets
from neufs_tui.statistics.calibration import calibrated, class_prior, offsets
from neufs_tui.statistics.classification import Estimate, difference, figures
from neufs_tui.storage.paths import cache_dir

N_LABELLED, N_SAMPLE, N_CHOSEN_FROM = 16, 64, 400
Pair = tuple[str, str]


@dataclass(frozen=True)
class Draw:
    """What one seed draws."""

    labelled: Sequence[Pair]
    sample: Sequence[Example]
    weights: NDArray[np.float64] | None = None
    """By number of labels k, the share of the rows chosen from that are nearest to each of the
    first k labelled ones, shape (16 + 1, 16); None where they are drawn at random."""


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


def chosen_of(config: EngineConfig, pool: Sequence[Pair], n: int) -> list[Draw]:
    """What the default strategy chooses with each seed, answered with the gold labels."""
    parts = random.Random("part").sample(pool, min(N_CHOSEN_FROM, len(pool) - N_SAMPLE))
    left = [text for text, _ in pool if text not in dict(parts)]
    examples = examples_of(text for text, _ in parts)
    gold = dict(zip((one.id for one in examples), (label for _, label in parts), strict=True))
    config = replace(config, examples=examples)
    scanned = scan_pool(config, lambda _: None)
    found = []
    for seed in range(n):
        selection = SelectionSettings(shots=N_LABELLED, seed=seed)
        ranker = Ranker(examples, config.task, selection)
        ranker.observe(scanned.captures, complete=True)
        ranker.finish()
        decisions: list[Decision] = []
        for revision in range(N_LABELLED):
            pick = ranker.answer(Focus(revision, tuple(decisions), None)).pick
            assert pick is not None  # there are more examples than labels
            given = Answer(gold[pick.example_id])
            decisions.append(Decision(pick.example_id, DecisionKind.LABEL, given))
        texts = {one.id: one.text for one in examples}
        labelled = [(texts[one.example_id], gold[one.example_id]) for one in decisions]
        sample = random.Random(f"sample {seed}").sample(left, N_SAMPLE)
        readings = ranker.readings
        assert readings is not None  # everything is scanned
        places = [readings.pool.place_of[one.example_id] for one in decisions]
        distances = readings.pool.sets.distances(np.array(places), None)  # (16, n)
        weights = np.zeros((N_LABELLED + 1, N_LABELLED))
        for k in range(1, N_LABELLED + 1):
            nearest = distances[:k].argmin(axis=0)
            weights[k, :k] = np.bincount(nearest, minlength=k) / len(examples)
        found.append(Draw(labelled, examples_of(sample), weights))
    return found


def told(estimate: Estimate) -> str:
    """With its interval."""
    return f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"


def kinds(chosen: bool) -> Sequence[str]:
    """The priors that are compared."""
    return ("smoothed", "nearest", "uniform") if chosen else ("smoothed", "uniform")


def lines(
    name: str,
    model: str,
    pool: Sequence[Pair],
    test: Sequence[Pair],
    shown: Sequence[int],
    n: int,
    *,
    chosen: bool,
) -> list[str]:
    """A line for each number of demonstrations."""
    names = label_names({"label": label} for _, label in [*pool, *test])
    task = Task(labels=tuple(map(Label, names)))
    config = EngineConfig((), task, ModelChoice(model), cache_dir())
    tests = examples_of(text for text, _ in test)
    gold = np.array([names.index(label) for _, label in test], dtype=np.intp)
    draws = chosen_of(config, pool, n) if chosen else draws_of(pool, n)
    wanted = [
        Wanted(tuple(Demonstration(*pair) for pair in draw.labelled[:k]), [*tests, *draw.sample])
        for k in shown
        for draw in draws
    ]
    read = iter(read_sets(config, wanted, lambda _: None).sets)
    table = []
    for k in shown:
        answers: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
        for draw in draws:
            scores = next(read).scores
            given = [label for _, label in draw.labelled[: k or N_LABELLED]]
            priors = {
                "smoothed": class_prior(given, names),
                "uniform": class_prior((), names),
            }
            if draw.weights is not None:
                counts = np.ones(len(names))
                for label, share in zip(given, draw.weights[len(given)], strict=False):
                    counts[names.index(label)] += share * len(given)
                priors["nearest"] = counts / counts.sum()
            answers["raw"].append(calibrated(scores[: len(test)], np.zeros(len(names))))
            for kind, prior in priors.items():
                moved = offsets(scores[len(test) :], prior)
                answers[kind].append(calibrated(scores[: len(test)], moved))
        found = {kind: figures(each, gold, names) for kind, each in answers.items()}
        cells = [Path(model).stem[:20], name, str(k)]
        for kind in ("raw", *kinds(chosen)):
            cells.append(f"{found[kind].accuracy.value:.3f} / {found[kind].macro_f1.value:.3f}")
        for kind in kinds(chosen):
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
    parser.add_argument("--chosen", action="store_true", help="labels that are chosen, not drawn")
    arguments = parser.parse_args()
    compared = kinds(arguments.chosen)
    columns = [
        *("model", "pool", "shots", "raw: accuracy / macro-F1", *compared),
        *(f"{kind} − raw, {what}" for kind in compared for what in ("acc.", "F1")),
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
            shown, n = arguments.demonstrations, arguments.draws
            found = lines(name, model, *rows, shown, n, chosen=arguments.chosen)
            print("\n".join(found), flush=True)


if __name__ == "__main__":
    main()
