"""How strongly is a regression on sentence vectors to be regularised, and its classes weighted?

    python benchmarks/sentence_vectors.py POOL:TEST[:SHARES] ... --encoder ENCODER [-n ROWS]

POOL and TEST are JSONL with `label`, and `text` or `input`, and SHARES as for `calibration.py`;
of each n rows are drawn. For each of some draws, 16 and 32 labelled rows of the pool. Prints a
Markdown table: accuracy / macro-F1 on the test rows, means over the draws that have two classes
or more.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from calibration import Pair, pairs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from neufs_tui.core.settings import ModelChoice
from neufs_tui.evaluation.classifiers import Encoder
from neufs_tui.model.sentence_encoder import sentence_encoder

SETTINGS = [(c, weight) for weight in (None, "balanced") for c in (1, 10, 100)]


def print_lines(
    name: str, encode: Encoder, pool: Sequence[Pair], test: Sequence[Pair], n_draws: int
) -> None:
    """The lines of one pool."""
    vectors, others = (encode([text for text, _ in rows]).astype(float) for rows in (pool, test))
    given, gold = (np.array([label for _, label in rows]) for rows in (pool, test))
    for n_labels in (16, 32):
        found = []
        for draw in range(n_draws):
            drawn = random.Random(f"draw {draw}").sample(range(len(pool)), n_labels)
            if len({*given[drawn]}) > 1:
                found.append(
                    [
                        answered(
                            LogisticRegression(C=c, class_weight=weight, max_iter=1000)
                            .fit(vectors[drawn], given[drawn])
                            .predict(others),
                            gold,
                        )
                        for c, weight in SETTINGS
                    ]
                )
        cells = (f"{right:.3f} / {f1:.3f}" for right, f1 in np.mean(found, axis=0))
        print(f"| {name} | {n_labels} | {' | '.join(cells)} |", flush=True)


def answered(answers: np.ndarray, gold: np.ndarray) -> tuple[float, float]:
    """Accuracy and macro-F1."""
    return float((answers == gold).mean()), float(f1_score(gold, answers, average="macro"))


def main() -> None:
    """Print the table, the lines of a pool as soon as they are known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", nargs="+", metavar="POOL:TEST[:SHARES]")
    parser.add_argument("--encoder", required=True)
    parser.add_argument("-n", type=int, default=300, help="rows of the pool, and of the test")
    parser.add_argument("--draws", type=int, default=20)
    arguments = parser.parse_args()
    encode = sentence_encoder(ModelChoice(arguments.encoder))
    heads = (f"C = {c}{', classes weighted alike' if weight else ''}" for c, weight in SETTINGS)
    print(f"| pool | labels | {' | '.join(heads)} |\n|{'---|' * (len(SETTINGS) + 2)}")
    for named in arguments.pools:
        pool, test, *rest = named.split(":")
        shares = dict(part.split("=") for part in rest[0].split(",")) if rest else {}
        weights = {label: float(share) for label, share in shares.items()}
        rng = random.Random(0)
        rows = [pairs(Path(one), weights, rng)[: arguments.n] for one in (pool, test)]
        name = Path(pool).parent.name + (f" {rest[0]}" if rest else "")
        print_lines(name, encode, *rows, arguments.draws)


if __name__ == "__main__":
    main()
