"""Labels predicted by the readout, by the prompt or by both, as the check set favours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from neufs_tui.core.records import Decision, Example, ExampleId
from neufs_tui.core.text import one_line, plural
from neufs_tui.engine.announcer import Listener
from neufs_tui.engine.needed_model import NeededModel
from neufs_tui.engine.predicting import Learned, learn_readout
from neufs_tui.engine.protocol import EngineConfig
from neufs_tui.engine.set_readings import Demonstrations, Wanted, read_sets
from neufs_tui.errors import UsageError
from neufs_tui.evaluation.gold_test import GoldTest
from neufs_tui.evaluation.report import Calibration
from neufs_tui.evaluation.tables import signed
from neufs_tui.export.formats.predictions import Prediction
from neufs_tui.readout.kernel_regression import Floats, log_softmax
from neufs_tui.statistics.calibration import offsets

Way = Literal["readout", "prompt", "both"]
WAYS: tuple[Way, ...] = get_args(Way)
MIN_ROWS = 8
"""Texts with known labels below which nothing is told apart."""


class Predictor:
    """Predicts labels; learns and reads only what the way that is asked for needs."""

    def __init__(
        self,
        config: EngineConfig,
        decisions: Sequence[Decision],
        demonstrations: Demonstrations,
        calibration: Calibration | None,
        texts: Sequence[Example],
        listener: Listener,
    ) -> None:
        """Bind what is known.

        Args:
            config: pool, task, model and where caches are.
            decisions: what holds, in order, which the readout is learned from.
            demonstrations: the labels among it as they stand in a prompt.
            calibration: of the answers behind them; None leaves these as they are.
            texts: every text that is to be predicted or judged by.
            listener: hears stages and progress.
        """
        self._config = config
        self._decisions = decisions
        self._demonstrations = demonstrations
        self._calibration = calibration
        self._texts = texts
        self._needed = NeededModel(config, listener)
        self._listener = listener
        self.n_fitting = len(demonstrations)
        """The newest of the demonstrations that fit into the context window, once they are read."""

    @cached_property
    def _learned(self) -> Learned:
        learned = learn_readout(
            self._config, self._decisions, self._texts, self._needed, self._listener
        )
        if learned is None:
            raise UsageError(
                "no text of the pool has a label, so nothing can be learned",
                hint="label some of it, or predict --by prompt",
            )
        return learned

    def predict(self, texts: Sequence[Example], way: Way) -> Floats:
        """Probabilities of the labels of n texts, shape (n, n_labels).

        Raises:
            NeufsError: the model cannot be loaded, nothing learned, or nothing stored.
        """
        return self._of_ways(texts, [way])[way]

    def _of_ways(self, texts: Sequence[Example], ways: Sequence[Way]) -> dict[Way, Floats]:
        found: dict[Way, Floats] = {}
        if "readout" in ways:
            found["readout"] = self._learned.probabilities(texts)
        if "prompt" in ways or "both" in ways:
            answers = self._answers(texts)
            found["prompt"] = np.exp(answers)
            if "both" in ways:
                found["both"] = self._learned.probabilities(texts, answers)
        return found

    def judge(self, test: GoldTest) -> dict[Way, float]:
        """The mean log-likelihood of known labels by each way, in nats.

        Raises:
            NeufsError: the model cannot be loaded, or nothing stored.
        """
        rows = np.arange(len(test.gold))
        found = self._of_ways(test.texts, WAYS)
        of_gold = {way: found[way][rows, test.gold] for way in WAYS}
        least = np.finfo(np.float64).tiny  # what has underflowed is not impossible
        return {way: float(np.log(np.maximum(of_gold[way], least)).mean()) for way in WAYS}

    def _answers(self, texts: Sequence[Example]) -> Floats:
        """Log-probabilities of the calibrated answers behind the demonstrations."""
        sample = self._calibration.sample if self._calibration is not None else ()
        wanted = Wanted(self._demonstrations, [*texts, *sample])
        (reading,) = read_sets(self._config, [wanted], self._listener, self._needed).sets
        self.n_fitting = len(reading.demonstrations)
        scores = reading.scores[: len(texts)].astype(np.float64)
        if self._calibration is not None:
            scores += offsets(reading.scores[len(texts) :], self._calibration.prior)
        return log_softmax(scores)


def favour(predictor: Predictor, test: GoldTest | None) -> tuple[Way, str]:
    """The way that makes known labels likeliest, and why; the readout where too few are known.

    Args:
        predictor: of the ways.
        test: texts with labels that nothing was learned from; None where there are none.

    Returns:
        The way, and what follows `by` it in words.

    Raises:
        NeufsError: the model cannot be loaded, or nothing stored.
    """
    if test is None or len(test.texts) < MIN_ROWS:
        n = len(test.texts) if test is not None else 0
        apart = plural(n, "label was", "labels were")
        return "readout", f"{apart} kept apart, and fewer than {MIN_ROWS} tell no way from another"
    found = predictor.judge(test)
    return max(WAYS, key=found.__getitem__), _told(found, test)


def _told(found: Mapping[Way, float], test: GoldTest) -> str:
    figures = ", ".join(f"{signed(found[way])} by {way}" for way in WAYS)
    on = f"{plural(len(test.texts), 'text')} ({one_line(test.name)})"
    return f"mean log-likelihood of the labels of {on}: {figures}"


def rows(
    texts: Sequence[Example],
    probabilities: Floats,
    names: Sequence[str],
    way: Way,
    accepted: Mapping[ExampleId, str],
) -> list[Prediction]:
    """One a text.

    Args:
        texts: n of them.
        probabilities: of their labels, shape (n, n_labels).
        names: of the labels.
        way: by which they are.
        accepted: text → the label suggested for it that the annotator accepted.
    """
    found = []
    for text, row in zip(texts, probabilities.tolist(), strict=True):
        each = dict(zip(names, row, strict=True))
        if text.id in accepted:
            found.append(Prediction(text, accepted[text.id], each, "accepted"))
        else:
            found.append(Prediction(text, max(each, key=each.__getitem__), each, way))
    return found
