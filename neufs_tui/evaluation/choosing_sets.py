"""The number and order of her labels that do best on those held out, if any can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neufs_tui.core.calibration import MIN_SAMPLE
from neufs_tui.core.labelled import LabelledExample
from neufs_tui.core.records import Demonstration, Example, ModelIdentity
from neufs_tui.core.text import plural
from neufs_tui.engine.announcer import Listener
from neufs_tui.engine.protocol import EngineConfig, Noticed
from neufs_tui.engine.set_readings import Wanted, read_sets
from neufs_tui.errors import ExportError
from neufs_tui.evaluation.report import Calibration
from neufs_tui.evaluation.set_rules import DEFAULT, N_FOLDS, SetRule, folds_of, others, rules_for
from neufs_tui.statistics.calibration import offsets
from neufs_tui.statistics.classification import Estimate
from neufs_tui.statistics.simultaneous import simultaneous


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What one rule's sets make of the labels, each read behind labels of other folds."""

    rule: SetRule
    accuracy: float
    """Share of the labels that the model gives."""
    log_likelihood: float
    """Mean log-probability, in nats, of her label among the task's."""
    difference: Estimate | None
    """Of that to the default's, with an interval that holds for all rules together; None for the
    default itself."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules that were compared, and the one that is exported."""

    n_labels: int
    compared: tuple[HeldOut, ...]
    """The best first."""
    calibrated: Estimate | None = None
    """Of the best to the default, where it is told apart, the difference once answers are
    calibrated; None too where there is too little to calibrate by."""

    @property
    def best(self) -> HeldOut:
        """The one with the largest log-likelihood."""
        return self.compared[0]

    @property
    def default(self) -> HeldOut:
        """All labels in labelling order."""
        return next(one for one in self.compared if one.difference is None)

    @property
    def is_told_apart(self) -> bool:
        """Whether the best is better than the default by more than noise."""
        return self.best.difference is not None and self.best.difference.low > 0

    @property
    def is_chosen(self) -> bool:
        """Whether it is, and the gain is more than a lean towards labels that were often given.

        How often is hardly known of examples that were chosen, so such a gain is not counted on.
        """
        return self.is_told_apart and (self.calibrated is None or self.calibrated.low > 0)

    @property
    def chosen(self) -> HeldOut:
        """The best if that is chosen, else the default."""
        return self.best if self.is_chosen else self.default


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice, with what it rests on."""

    choice: Choice
    seed: int
    """Of the folds."""
    model: ModelIdentity
    n_left_out: int
    """Labels of a set, at most, that did not fit into the context window with the others."""

    @property
    def rule(self) -> SetRule:
        """The rule that makes the set."""
        return self.choice.chosen.rule

    def of(self, labelled: Sequence[LabelledExample]) -> list[LabelledExample]:
        """The set that is exported, of the labels in labelling order."""
        labels = [one.answer.text for one in labelled]
        return [labelled[place] for place in self.rule.places(range(len(labels)), labels)]


def require_choosable(labels: Sequence[str]) -> None:
    """See to it that there is something to choose by.

    Raises:
        ExportError: there are too few labels, or all are the same.
    """
    if len(labels) < N_FOLDS:
        raise ExportError(
            "--choose checks labels on one another, and "
            f"{plural(len(labels), 'label is', 'labels are')} too few to tell anything",
            hint=f"label {N_FOLDS} or more, or leave --choose out",
        )
    if len({*labels}) == 1:
        raise ExportError(
            f"all {len(labels):,} labels are {labels[0]!r}: on them a set that makes the model say "
            "nothing else looks best",
            hint="label examples of another class, or leave --choose out",
        )


def choose(
    rules: Sequence[SetRule],
    log_likelihoods: NDArray[np.float64],
    right: NDArray[np.bool_],
    folds: NDArray[np.intp],
) -> Choice:
    """Compare rules with the first, which is the default.

    Args:
        rules: as `rules_for` gives them.
        log_likelihoods: of each held-out label by each rule's sets, shape (n_labels, n_rules).
        right: whether the model's answer was that label, of the same shape.
        folds: of each label.
    """
    gains = log_likelihoods[:, 1:] - log_likelihoods[:, :1]
    differences = [None, *simultaneous(gains, folds)]
    measured = [
        HeldOut(rule, float(right[:, at].mean()), float(log_likelihoods[:, at].mean()), difference)
        for at, (rule, difference) in enumerate(zip(rules, differences, strict=True))
    ]
    # of equally good ones the first, which is the simpler
    measured.sort(key=lambda one: -one.log_likelihood)
    return Choice(len(folds), tuple(measured))


def choose_set(
    config: EngineConfig,
    labelled: Sequence[LabelledExample],
    listener: Listener,
    *,
    seed: int,
    calibration: Calibration | None,
    orders_only: bool = False,
) -> Chosen:
    """Read each label behind sets that each rule makes of labels of other folds, and choose.

    Args:
        config: task, model and where caches are.
        labelled: her labels, in labelling order, as many as `require_choosable` asks for.
        listener: hears stages and progress.
        seed: of the folds.
        calibration: what answers are calibrated by; None where there is too little to go by.
        orders_only: compare orders of all labels, and no smaller sets.

    Raises:
        NeufsError: the model cannot be loaded, or nothing stored.
    """
    labels = [one.answer.text for one in labelled]
    gold = np.array([config.task.label_names.index(label) for label in labels], dtype=np.intp)
    folds = folds_of(labels, seed)
    rules = rules_for(labels, folds, orders_only=orders_only)
    read = _read(config, labelled, folds, rules, listener)
    right = read.scores.argmax(axis=-1) == gold[:, None]
    choice = choose(rules, _log_likelihoods(read.scores, gold), right, folds)
    if choice.is_told_apart and calibration is not None:
        sample = calibration.sample[:MIN_SAMPLE]
        listener(
            Noticed(
                (
                    "one of them is told apart from the default: both are read once more, with "
                    f"{plural(len(sample), 'text')} that calibrate answers",
                )
            )
        )
        pair = (DEFAULT, choice.best.rule)
        again = _read(config, labelled, folds, pair, listener, sample)
        moves = [[offsets(one, calibration.prior) for one in each] for each in again.sample]
        moved = _log_likelihoods(again.scores + np.array(moves)[folds], gold)
        (difference,) = simultaneous(moved[:, 1:] - moved[:, :1], folds)
        choice = replace(choice, calibrated=difference)
    return Chosen(choice, seed, read.model, read.n_left_out)


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read behind the sets that some rules make."""

    model: ModelIdentity
    scores: NDArray[np.float32]
    """Of each of her labels' texts, behind labels of other folds, shape (n, n_rules, n_labels)."""
    sample: list[list[NDArray[np.float32]]]
    """Of a sample, behind each fold's set by each rule, each (n_sample, n_labels)."""
    n_left_out: int


def _read(
    config: EngineConfig,
    labelled: Sequence[LabelledExample],
    folds: NDArray[np.intp],
    rules: Sequence[SetRule],
    listener: Listener,
    sample: Sequence[Example] = (),
) -> _Read:
    labels = [one.answer.text for one in labelled]
    held_out = [np.flatnonzero(folds == fold).tolist() for fold in range(N_FOLDS)]
    wanted = [
        Wanted(
            tuple(
                Demonstration(labelled[place].example.text, labels[place])
                for place in rule.places(others(folds, fold), labels)
            ),
            [*(labelled[place].example for place in held_out[fold]), *sample],
        )
        for fold in range(N_FOLDS)
        for rule in rules
    ]
    read = read_sets(config, wanted, listener)
    scores = np.empty((len(labelled), len(rules), len(config.task.labels)), dtype=np.float32)
    of_sample: list[list[NDArray[np.float32]]] = []
    readings = iter(read.sets)
    for places in held_out:
        behind = [next(readings).scores for _ in rules]
        for at, found in enumerate(behind):
            scores[places, at] = found[: len(places)]
        of_sample.append([found[len(places) :] for found in behind])
    n_left_out = max(
        len(one.demonstrations) - len(found.demonstrations)
        for one, found in zip(wanted, read.sets, strict=True)
    )
    return _Read(read.model.identity, scores, of_sample, n_left_out)


def _log_likelihoods(scores: NDArray[np.floating], gold: NDArray[np.intp]) -> NDArray[np.float64]:
    """Log-probability of each text's label among all, shape (n, n_rules)."""
    wide = scores.astype(np.float64)
    total = np.logaddexp.reduce(wide, axis=-1)
    return np.asarray(wide[np.arange(len(gold)), :, gold] - total)
