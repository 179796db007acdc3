"""How well answers agree with gold labels: accuracy, macro-F1, per class, calibration error.

Intervals are 95%. Of an accuracy Wilson's, which holds for ten texts too; of everything else by
bootstrap over the texts. A row of a report may be the mean of several draws of a set: all draws
answer the same texts, and are resampled together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neufs_tui.statistics.intervals import share_interval

N_RESAMPLES = 2000
_BINS = 10
"""Of the probability of the answer, for the calibration error."""

Labels = NDArray[np.intp]
Draws = Sequence[NDArray[np.float64]]
"""Label probabilities of the same texts by each draw, each (n, n_labels)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class; precision and recall are 0 where nothing is to be divided by."""

    name: str
    n_gold: int
    """Texts of this class."""
    n_answered: float
    """Texts that were answered with it."""
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What answers to some texts are worth."""

    n_texts: int
    accuracy: Estimate
    macro_f1: Estimate
    """Mean F1 of the classes that the gold labels have."""
    calibration_error: float
    """Expected difference of the answer's probability and its being right, in ten bins."""
    classes: tuple[ClassFigures, ...]
    confusion: NDArray[np.float64]
    """Texts by gold label and answer, shape (n_labels, n_labels); means over the draws."""


def figures(draws: Draws, gold: Labels, names: Sequence[str], *, seed: int = 0) -> Figures:
    """What the answers of one set, or of several draws of it, are worth.

    Args:
        draws: label probabilities of the texts by each draw, each (n, n_labels).
        gold: place of each text's label, shape (n,), not empty.
        names: the labels.
        seed: of the resampling.
    """
    n, n_labels = len(gold), len(names)
    answers = [shares.argmax(axis=1) for shares in draws]
    confusion = np.mean([_confusion(one, gold, n_labels) for one in answers], axis=0)
    right = float(np.trace(confusion))
    return Figures(
        n_texts=n,
        accuracy=Estimate(right / n, *share_interval(right, n)),
        macro_f1=_estimate(
            macro_f1s(draws, gold, _once(n)), macro_f1s(draws, gold, resamples(n, seed))
        ),
        calibration_error=float(np.mean([_calibration_error(one, gold) for one in draws])),
        classes=_by_class(confusion, names),
        confusion=confusion,
    )


def difference(
    these: Draws, those: Draws, gold: Labels, *, seed: int = 0
) -> tuple[Estimate, Estimate]:
    """How much better these answers are than those to the same texts: accuracy, macro-F1.

    Args:
        these: label probabilities by each draw, each (n, n_labels).
        those: of what they are compared with.
        gold: place of each text's label, shape (n,), not empty.
        seed: of the resampling.
    """
    once, resampled = _once(len(gold)), resamples(len(gold), seed)
    accuracy, macro_f1 = (
        _estimate(
            measure(these, gold, once) - measure(those, gold, once),
            measure(these, gold, resampled) - measure(those, gold, resampled),
        )
        for measure in (accuracies, macro_f1s)
    )
    return accuracy, macro_f1


def resamples(n: int, seed: int) -> NDArray[np.float64]:
    """How often each text is in each resample, shape (`N_RESAMPLES`, n)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), N_RESAMPLES).astype(np.float64)


def accuracies(draws: Draws, gold: Labels, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Accuracy in each of some resamples, the mean of the draws.

    Args:
        draws: label probabilities by each draw, each (n, n_labels).
        gold: shape (n,).
        weights: how often each text counts, shape (resamples, n).

    Returns:
        Shape (resamples,).
    """
    right = np.mean([shares.argmax(axis=1) == gold for shares in draws], axis=0)
    return np.asarray(weights @ right / weights.sum(axis=1))


def macro_f1s(draws: Draws, gold: Labels, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Macro-F1 in each of some resamples, over the classes that it has; as `accuracies`."""
    n_labels = draws[0].shape[1]
    answers = [shares.argmax(axis=1) for shares in draws]
    sums, n_classes = np.zeros(len(weights)), np.zeros(len(weights))
    for label in range(n_labels):
        of_gold = weights @ (gold == label)
        there = of_gold > 0
        n_classes += there
        for one in answers:
            hits = weights @ ((one == label) & (gold == label))
            answered = weights @ (one == label)
            sums[there] += 2 * hits[there] / (of_gold + answered)[there] / len(draws)
    return np.asarray(sums / n_classes)


def _once(n: int) -> NDArray[np.float64]:
    """All texts as they are, as one resample."""
    return np.ones((1, n))


def _estimate(value: NDArray[np.float64], resampled: NDArray[np.float64]) -> Estimate:
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(float(value[0]), float(low), float(high))


def _confusion(answers: Labels, gold: Labels, n_labels: int) -> NDArray[np.float64]:
    table = np.zeros((n_labels, n_labels))
    np.add.at(table, (gold, answers), 1)
    return table


def _by_class(confusion: NDArray[np.float64], names: Sequence[str]) -> tuple[ClassFigures, ...]:
    hits, of_gold, answered = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return tuple(
        ClassFigures(
            name=name,
            n_gold=round(of_gold[label]),
            n_answered=float(answered[label]),
            precision=_share(hits[label], answered[label]),
            recall=_share(hits[label], of_gold[label]),
            f1=_share(2 * hits[label], of_gold[label] + answered[label]),
        )
        for label, name in enumerate(names)
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _calibration_error(shares: NDArray[np.float64], gold: Labels) -> float:
    """Source: Guo et al., On calibration of modern neural networks, 2017, equation 3."""
    answers, sureness = shares.argmax(axis=1), shares.max(axis=1)
    bins = np.minimum((sureness * _BINS).astype(int), _BINS - 1)
    off = np.bincount(bins, weights=(answers == gold) - sureness, minlength=_BINS)
    return float(np.abs(off).sum() / len(gold))
