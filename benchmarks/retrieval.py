"""Do texts that see the labels nearest to them get better answers than all that see the same?

    python benchmarks/retrieval.py POOL:TEST ... [-n ROWS] [--draws N]
        [--model MODEL --pool ROWS [-k K ...]]

POOL and TEST are JSONL with `label`, and `text` or `input`. How much oftener than labels at random
the nearest 1, 4 and 8 of 16 and of 64 random labels are the test row's own, over `--draws` draws,
plus or minus a standard error: for several kinds of terms; with --model, which scans ROWS of the
pool, by each part of the readout and as it weighs them. With -k, for each draw of 16 labels: the
model without them, behind all in the order drawn, behind the first K, and behind the K nearest to
each text by words and by the readout; accuracy / macro-F1 as the model answers and calibrated on 32
other texts of the pool, and differences to all 16, paired over rows and draws, with 95% intervals
by bootstrap. What is read is kept in the cache, so a run that was stopped goes on. Prints Markdown
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
from neufs_tui.core.records import (
    Answer,
    Decision,
    DecisionKind,
    Demonstration,
    Label,
    Task,
    content_hash,
)
from neufs_tui.core.settings import ModelChoice
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import Learned, learn_readouts
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.evaluation.few_shot_sets import (
    WITHOUT,
    FewShotSet,
    nearest_by_readout,
    nearest_set,
)
from neufs_tui.evaluation.gold_test import GoldTest
from neufs_tui.evaluation.report import Calibration, make_report
from neufs_tui.export.retrieval.nearest import Vectors, nearest
from neufs_tui.export.retrieval.retrieve import terms
from neufs_tui.readout.similarity import PARTS
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


def by_terms(pool: Sequence[Pair], test: Sequence[Pair], options: dict[str, Any]) -> list[Vectors]:
    """Where pool and test lie by some kind of terms."""
    fitted = TfidfVectorizer(**options).fit(text for text, _ in pool)
    return [fitted.transform([text for text, _ in rows]) for rows in (pool, test)]


def drawn(pool: Sequence[Pair], n: int, seed: int) -> list[int]:
    """Places of the labels of one draw."""
    return random.Random(f"draw {seed}").sample(range(len(pool)), n)


def decisions(labelled: Sequence[Pair]) -> list[Decision]:
    """Labels as a session has them."""
    return [
        Decision(content_hash(text), DecisionKind.LABEL, Answer(label)) for text, label in labelled
    ]


def print_kinds(
    name: str,
    pool: Sequence[Pair],
    test: Sequence[Pair],
    n_draws: int,
    config: EngineConfig | None,
) -> None:
    """How much oftener than at random the nearest have the label, by kind of vectors."""
    gold, given = (np.array([label for _, label in rows]) for rows in (test, pool))
    gains: dict[tuple[str, int, int], list[float]] = {}

    def count(kind: str, vectors: Sequence[Vectors], places: Sequence[int]) -> None:
        found = nearest(vectors[0][places], vectors[1], 8, own=[None] * len(test))
        hits = given[places][np.array(found)] == gold[:, None]
        by_chance = (given[places] == gold[:, None]).mean()
        for k in (1, 4, 8):
            gains.setdefault((kind, len(places), k), []).append(
                float(hits[:, -k:].mean() - by_chance)
            )

    for kind, options in KINDS.items():
        vectors = by_terms(pool, test, options)
        for n_labelled in (16, 64):
            for seed in range(n_draws):
                count(kind, vectors, drawn(pool, n_labelled, seed))
    if config is not None:
        tests = examples_of(text for text, _ in test)
        draws = [drawn(pool, n, seed) for n in (16, 64) for seed in range(n_draws)]
        each = [decisions([pool[at] for at in places]) for places in draws]
        needed = NeededModel(config, lambda _: None)
        for places, learned in zip(
            draws, learn_readouts(config, each, tests, needed, lambda _: None), strict=True
        ):
            assert learned is not None  # there are labels
            for kind, shares in [*zip(PARTS, np.eye(3), strict=True), ("as weighed", None)]:
                readout = learned.readout
                count(
                    f"readout: {kind}",
                    [
                        readout.space.hold(learned.read.of(of)).vectors(
                            readout.readout.part_shares if shares is None else shares
                        )
                        for of in (config.examples, tests)
                    ],
                    places,
                )
    for kind in dict.fromkeys(kind for kind, _, _ in gains):
        cells = []
        for n_labelled in (16, 64):
            for k in (1, 4, 8):
                found = gains[kind, n_labelled, k]
                error = np.std(found, ddof=1) / len(found) ** 0.5
                cells.append(f"{np.mean(found):+.3f} ± {error:.3f}")
        print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)


def print_answers(
    name: str,
    config: EngineConfig,
    pool: Sequence[Pair],
    test: Sequence[Pair],
    ks: Sequence[int],
    n: int,
) -> None:
    """What the model makes of the test behind the fixed set and behind the nearest."""
    names = config.task.label_names
    gold = np.array([names.index(label) for _, label in test], dtype=np.intp)
    tests = [GoldTest("test", examples_of(text for text, _ in test), gold)]
    draws, needed = draws_of(pool, n), NeededModel(config, lambda _: None)
    each = [decisions(draw.labelled) for draw in draws]
    learned = learn_readouts(config, each, tests[0].texts, needed, lambda _: None)
    reports = []
    for draw, taught in zip(draws, learned, strict=True):
        shown = tuple(Demonstration(*pair) for pair in draw.labelled)
        sets = [WITHOUT, FewShotSet(f"all {len(shown)}", (shown,))]
        sets += [FewShotSet(f"first {k}", (shown[:k],)) for k in ks]
        sets += [nearest_set(shown, k, [text for text, _ in pool]) for k in ks]
        assert isinstance(taught, Learned)  # there are labels
        texts = [*config.examples, *tests[0].texts]
        sets += [nearest_by_readout(shown, k, taught, texts) for k in ks]
        prior = class_prior((one.answer for one in shown), names)
        calibration = Calibration(tuple(draw.sample[:MIN_SAMPLE]), prior, "")
        report = make_report(
            config, sets, tests, lambda _: None, calibration=calibration, needed=needed
        )
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
    parser.add_argument("--pool", type=int, default=500, help="rows that the model scans")
    parser.add_argument("-n", type=int, default=100, help="test rows")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("-k", type=int, nargs="+", default=[])
    arguments = parser.parse_args()
    if arguments.k and not arguments.model:
        parser.error("-k needs --model")
    if arguments.k:
        how = [(f"{kind}, accuracy / macro-F1", "− all, acc.", "F1") for kind in ("raw", "cal.")]
        columns = ["pool", "labels shown", *(column for each in how for column in each)]
    else:
        columns = ["pool", "near by", *(f"{k} of {n}" for n in (16, 64) for k in (1, 4, 8))]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for named in arguments.pools:
        pool, test = (pairs(Path(path), {}, random.Random(0)) for path in named.split(":"))
        name, rows = Path(named.split(":")[0]).parent.name, test[: arguments.n]
        config = None
        if arguments.model:
            names = label_names({"label": label} for _, label in [*pool, *test])
            pool = pool[: arguments.pool]
            config = EngineConfig(
                examples_of(text for text, _ in pool),
                Task(tuple(map(Label, names))),
                ModelChoice(arguments.model),
                cache_dir(),
            )
        if config is not None and arguments.k:
            print_answers(name, config, pool, rows, arguments.k, arguments.draws)
        else:
            print_kinds(name, pool, rows, arguments.draws, config)


if __name__ == "__main__":
    main()
