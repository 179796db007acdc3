"""Do texts that see the labels nearest to them get better answers than all that see the same?

    python benchmarks/retrieval.py POOL:TEST ... [-n ROWS] [--draws N] [--model MODEL] [-k K ...]

POOL and TEST are JSONL with `label`, and `text` or `input`. Without --model: how much oftener than
labels at random the nearest 1, 4 and 8 of 16 and of 64 random labels are the test row's own, over
`--draws` draws, for several kinds of terms; plus or minus a standard error. With it, for each draw
of 16 labels: the model without them, behind all in the order drawn, behind the first K, and behind
the K nearest to each text; accuracy / macro-F1 as the model answers and calibrated on 32 other
texts of the pool, and differences to all 16, paired over rows and draws, with 95% intervals by
bootstrap. What is read is kept in the cache, so a run that was stopped goes on. Prints Markdown
tables.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from calibration import Pair, draws_of, pairs, told
from inputs import examples_of, label_names
from sklearn.feature_extraction.text import TfidfVectorizer

from neufs_tui.core.calibration import MIN_SAMPLE
from neufs_tui.core.records import Demonstration, Label, Task
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.evaluation.few_shot_sets import WITHOUT, FewShotSet, nearest_set
from neufs_tui.evaluation.gold_test import GoldTest
from neufs_tui.evaluation.report import Calibration, make_report
from neufs_tui.export.retrieval.nearest import nearest
from neufs_tui.export.retrieval.retrieve import terms
from neufs_tui.statistics.calibration import class_prior
from neufs_tui.statistics.classification import difference, figures
from neufs_tui.storage.paths import cache_dir

KINDS: dict[str, dict[str, Any]] = {
    "words": {"token_pattern": r"\b\w+\b"},
    "words, log counts": {"token_pattern": r"\b\w+\b", "sublinear_tf": True},
    "runs of 3 in words": {"analyzer": "char_wb", "ngram_range": (3, 3)},
    "runs of 3 to 5 in words": {"analyzer": terms},
    "runs of 3 to 5 in words, log counts": {"analyzer": terms, "sublinear_tf": True},
}


def print_kinds(name: str, pool: Sequence[Pair], test: Sequence[Pair], n_draws: int) -> None:
    """How much oftener than at random the nearest have the label, by kind of terms."""
    gold, given = (np.array([label for _, label in rows]) for rows in (test, pool))
    for kind, options in KINDS.items():
        fitted = TfidfVectorizer(**options).fit(text for text, _ in pool)
        vectors, queries = (fitted.transform([text for text, _ in rows]) for rows in (pool, test))
        cells = []
        for n_labelled in (16, 64):
            gains: dict[int, list[float]] = {1: [], 4: [], 8: []}
            for seed in range(n_draws):
                drawn = random.Random(f"draw {seed}").sample(range(len(pool)), n_labelled)
                found = nearest(vectors[drawn], queries, 8, own=[None] * len(test))
                hits = given[drawn][np.array(found)] == gold[:, None]
                by_chance = (given[drawn] == gold[:, None]).mean()
                for k, gained in gains.items():
                    gained.append(float(hits[:, -k:].mean() - by_chance))
            for gained in gains.values():
                error = np.std(gained, ddof=1) / len(gained) ** 0.5
                cells.append(f"{np.mean(gained):+.3f} ± {error:.3f}")
        print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)


def print_answers(
    name: str, model: str, pool: Sequence[Pair], test: Sequence[Pair], ks: Sequence[int], n: int
) -> None:
    """What the model makes of the test behind the fixed set and behind the nearest."""
    names = label_names({"label": label} for _, label in [*pool, *test])
    config = EngineConfig((), Task(tuple(map(Label, names))), ModelChoice(model), cache_dir())
    gold = np.array([names.index(label) for _, label in test], dtype=np.intp)
    tests = [GoldTest("test", examples_of(text for text, _ in test), gold)]
    reports = []
    for draw in draws_of(pool, n):
        shown = tuple(Demonstration(*pair) for pair in draw.labelled)
        texts = [text for text, _ in pool]
        sets = [WITHOUT, FewShotSet(f"all {len(shown)}", (shown,))]
        sets += [FewShotSet(f"first {k}", (shown[:k],)) for k in ks]
        sets += [nearest_set(shown, k, texts) for k in ks]
        prior = class_prior((one.answer for one in shown), names)
        calibration = Calibration(tuple(draw.sample[:MIN_SAMPLE]), prior, "")
        report = make_report(config, sets, tests, lambda _: None, calibration=calibration)
        reports.append(report.tests[0].results)
    # by set, then by raw and calibrated, the probabilities by each draw
    shares = [
        [[result.shares[kind][0] for result in results] for kind in (0, 1)]  # type: ignore[index]
        for results in zip(*reports, strict=True)
    ]
    for result, of_set in zip(reports[0], shares, strict=True):
        cells = []
        for kind, draws in enumerate(of_set):
            found = figures(draws, gold, names)
            cells.append(f"{found.accuracy.value:.3f} / {found.macro_f1.value:.3f}")
            cells += map(told, difference(draws, shares[1][kind], gold))
        print(f"| {name} | {result.few_shot_set.name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table, the lines of a pool as soon as they are known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", metavar="POOL:TEST")
    parser.add_argument("--model")
    parser.add_argument("-n", type=int, default=100, help="test rows")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("-k", type=int, nargs="+", default=[4, 8])
    arguments = parser.parse_args()
    if arguments.model:
        how = [(f"{kind}, accuracy / macro-F1", "− all, acc.", "F1") for kind in ("raw", "cal.")]
        columns = ["pool", "labels shown", *(column for each in how for column in each)]
    else:
        columns = ["pool", "terms", *(f"{k} of {n}" for n in (16, 64) for k in (1, 4, 8))]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for named in arguments.pools:
        rng = random.Random(0)
        pool, test = (pairs(Path(path), {}, rng) for path in named.split(":"))
        name, rows = Path(named.split(":")[0]).parent.name, test[: arguments.n]
        if arguments.model:
            print_answers(name, arguments.model, pool, rows, arguments.k, arguments.draws)
        else:
            print_kinds(name, pool, rows, arguments.draws)


if __name__ == "__main__":
    main()
