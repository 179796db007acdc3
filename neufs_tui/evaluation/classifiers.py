"""What is learned from labels without a prompt: the readout, and what one would do without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from neufs_tui.core.records import Decision, DecisionKind, Example, content_hash
from neufs_tui.engine.announcer import Listener
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import Learned, learn_readouts
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.set_readings import Demonstrations
from neufs_tui.evaluation.few_shot_sets import FewShotSet

Shares = NDArray[np.float64]
Encoder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → a vector each, shape (n, d)."""

READOUT, BOTH, ENCODER = "readout", "readout + prompt", "sentence encoder"
_STEPS = 1000
"""At most, for the regression to converge; it takes some dozens."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """One row of a report, beside the sets that are shown in prompts."""

    name: str
    draws: tuple[Callable[[Sequence[Example]], Shares], ...]
    """For each draw of the set that was learned from: n texts → label probabilities, shape
    (n, n_labels)."""
    is_of_all: bool
    """Whether it was learned from all of the annotator's labels, and is compared."""
    moves_prompt: Callable[[Sequence[Example], Shares], Shares] | None = None
    """The same, moving the log-probabilities of answers to prompts in place of those that the
    model gives by itself; None where there is no such thing."""


def learned_sets(
    config: EngineConfig,
    decisions: Sequence[Decision],
    sets: Sequence[FewShotSet],
    texts: Sequence[Example],
    needed: NeededModel,
    listener: Listener,
) -> list[tuple[Learned, ...]]:
    """Learn from each draw of some sets, as `predict` does.

    Args:
        config: pool, task and model.
        decisions: what holds in the session.
        sets: all of her labels, then some of them.
        texts: further ones to be read, such as those of the tests.
        needed: the configuration's model.
        listener: hears stages and progress.

    Returns:
        For each set what its draws teach; nothing where one has nothing to learn from.

    Raises:
        NeufsError: the model cannot be loaded, or nothing stored.
    """
    each = [_only(decisions, draw) for one in sets for draw in one.draws]
    learned = iter(learn_readouts(config, each, texts, needed, listener))
    by_set = [[next(learned) for _ in one.draws] for one in sets]
    return [() if None in own else tuple(filter(None, own)) for own in by_set]


def readouts(
    sets: Sequence[FewShotSet], learned: Sequence[tuple[Learned, ...]]
) -> list[Classifier]:
    """Labels read out of what the model holds of a text.

    Args:
        sets: all of her labels, then some of them.
        learned: as `learned_sets` has it.
    """
    found = []
    for one, own in zip(sets, learned, strict=True):
        if own:
            row = _classifier(READOUT, one, sets, [draw.probabilities for draw in own])
            moves = own[0].probabilities if row.is_of_all else None
            found.append(replace(row, moves_prompt=moves))
    return found


def _only(decisions: Sequence[Decision], shown: Demonstrations) -> list[Decision]:
    """The decisions, as if all labels but some had been passed over."""
    ids = {content_hash(one.text) for one in shown}
    return [
        replace(one, kind=DecisionKind.SKIP, answer=None)
        if one.is_shot and one.example_id not in ids
        else one
        for one in decisions
    ]


def by_sentences(
    encode: Encoder, sets: Sequence[FewShotSet], names: Sequence[str]
) -> list[Classifier]:
    """Logistic regression on sentence vectors, as scikit-learn has it but for classes weighted
    alike: else few labels hardly move the answer from the commonest.

    Args:
        encode: makes the vectors.
        sets: all of her labels, then some of them.
        names: of the task's labels.

    Source: Muennighoff et al., MTEB: Massive Text Embedding Benchmark, 2023, section 3, which
    measures encoders so, on as many labels of each class.
    """
    vectors = _Remembered(encode)
    return [
        _classifier(ENCODER, one, sets, [_fitted(draw, vectors, names) for draw in one.draws])
        for one in sets
    ]


def _classifier(
    name: str,
    learned_from: FewShotSet,
    sets: Sequence[FewShotSet],
    draws: Sequence[Callable[[Sequence[Example]], Shares]],
) -> Classifier:
    is_of_all = learned_from is sets[0]
    return Classifier(
        name if is_of_all else f"{name}, {learned_from.name}", tuple(draws), is_of_all
    )


def _fitted(
    shown: Demonstrations, vectors: _Remembered, names: Sequence[str]
) -> Callable[[Sequence[Example]], Shares]:
    known = [one for one in shown if one.answer in names]
    labels = np.array([names.index(one.answer) for one in known], dtype=np.intp)
    if len({*labels.tolist()}) < 2:
        # a regression tells classes apart
        return partial(_always, np.bincount(labels, minlength=len(names)) > 0)
    regression = LogisticRegression(class_weight="balanced", max_iter=_STEPS)
    regression.fit(vectors([one.text for one in known]), labels)

    def probabilities(texts: Sequence[Example]) -> Shares:
        shares = np.zeros((len(texts), len(names)))
        found = regression.predict_proba(vectors([one.text for one in texts]))
        shares[:, regression.classes_] = found
        return shares

    return probabilities


def _always(given: NDArray[np.bool_], texts: Sequence[Example]) -> Shares:
    """The one class that was given, or any."""
    likely = given if given.any() else np.ones_like(given)
    return np.tile(likely / likely.sum(), (len(texts), 1))


class _Remembered:
    """Encodes each text once; in double precision, so that probabilities sum to 1."""

    def __init__(self, encode: Encoder) -> None:
        self._encode = encode
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            self._known |= zip(missing, self._encode(missing), strict=True)
        return np.stack([self._known[text] for text in texts]).astype(np.float64)
