"""How often is the default left where no rule is better, and where one is?

    python benchmarks/choosing.py [--labels 24] [--rules 16] [-n 1000]

Log-likelihoods of held-out labels are simulated for rules that do equally well in the long run.
Printed is how often the best rule is told apart from the default, with blocks of labels that were
read behind the same demonstrations as the unit (as `export --choose` has it), and for comparison
with single labels as the unit and intervals by bootstrap; then the same with one rule better.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neufs_tui.evaluation.set_rules import N_FOLDS
from neufs_tui.statistics.classification import resamples
from neufs_tui.statistics.simultaneous import simultaneous

Values = NDArray[np.float64]
Noise = Callable[[np.random.Generator, NDArray[np.intp], int], Values]
GAIN = 1.0


def by_text(rng: np.random.Generator, folds: NDArray[np.intp], n: int) -> Values:
    """Noise of its own for each text and rule."""
    return rng.normal(0, 0.5, (len(folds), n))


def by_set(rng: np.random.Generator, folds: NDArray[np.intp], n: int) -> Values:
    """Each set of demonstrations does better or worse on all its texts."""
    return rng.normal(0, 0.5, (N_FOLDS, n))[folds] + by_text(rng, folds, n)


def by_class(rng: np.random.Generator, folds: NDArray[np.intp], n: int) -> Values:
    """Each rule leans towards one of two equally frequent classes."""
    sides = rng.choice([-1.0, 1.0], (len(folds), 1))
    return sides * rng.normal(0, 0.5, (1, n)) + by_text(rng, folds, n)


def heavy(rng: np.random.Generator, folds: NDArray[np.intp], n: int) -> Values:
    """Some texts make large differences."""
    return rng.standard_t(3, (len(folds), n)) / 2


def surer(rng: np.random.Generator, folds: NDArray[np.intp], n: int) -> Values:
    """All rules but the default are two to three times as sure, with rarer and larger losses."""
    margins = rng.normal(*_MARGIN, (len(folds), 1)) + rng.normal(0, 0.3, (len(folds), n))
    sureness = np.array([_UNSURE] + [_SURE] * (n - 1))
    return -np.logaddexp(0, -sureness * margins)


_MARGIN = (1.5, 2.0)
"""Mean and standard deviation, in nats, of how far her label is before the other one."""
_UNSURE, _SURE = 0.45, 1.09
"""Factors of the margin with the same mean log-likelihood."""


def left_by_label(values: Values, seed: int) -> bool:
    """Whether the best rule's interval is above 0, with single labels drawn again."""
    gains = values[:, 1:] - values[:, :1]
    weights = resamples(len(gains), seed) / len(gains)
    means = gains.mean(axis=0)
    off = weights @ gains - means
    errors = off.std(axis=0)
    width = np.quantile(np.abs(off / errors).max(axis=1), 0.95)
    best = means.argmax()
    return bool(means[best] > width * errors[best])


def left_by_block(values: Values, folds: NDArray[np.intp]) -> bool:
    """Whether the best rule is chosen."""
    estimates = simultaneous(values[:, 1:] - values[:, :1], folds)
    return max(estimates, key=lambda one: one.value).low > 0


def main() -> None:
    """Print a line for each kind of noise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=24)
    parser.add_argument("--rules", type=int, default=16)
    parser.add_argument("-n", type=int, default=1000, help="simulations")
    arguments = parser.parse_args()
    print("| what differs | no effect, blocks | no effect, labels | one better by 1 nat, blocks |")
    print("|---|---|---|---|")
    for noise in (by_text, by_set, by_class, heavy, surer):
        rng = np.random.default_rng(0)
        left = np.zeros(3)
        for seed in range(arguments.n):
            folds = rng.permutation(np.arange(arguments.labels) % N_FOLDS)
            values = noise(rng, folds, arguments.rules)
            left[:2] += left_by_block(values, folds), left_by_label(values, seed)
            values[:, 1] += GAIN
            left[2] += left_by_block(values, folds)
        shares = " | ".join(f"{share:.3f}" for share in left / arguments.n)
        print(f"| {noise.__name__.replace('_', ' ')} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
