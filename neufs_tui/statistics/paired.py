"""Whether labels in the prompt help: the model's answers with them and without, text by text.

Both answers are from before the annotator gave hers: the one with the labels that were in the
prompt then, and the scan's, without any. The texts are those that were chosen for her, so the
shares are not those of the pool; the difference is theirs too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import comb

from neufs_tui.core.labelled import LabelledExample

ODDS = 20
"""How many times likelier than by chance what was seen has to be: 1 in 20 errs."""
MANY = 50
"""Texts from which on a difference that cannot be told is not for want of texts."""


class Verdict(Enum):
    """What can be said of the difference."""

    UNKNOWN = auto()
    """There is nothing to compare."""
    TOO_FEW = auto()
    NO_DIFFERENCE = auto()
    """None that can be told, of many texts."""
    HELP = auto()
    HARM = auto()


@dataclass(frozen=True, slots=True)
class Paired:
    """The model's answers to the same texts with labels in the prompt and without."""

    compared: int = 0
    """Labelled examples that it had answered both ways, as `LabelledExample.agrees` says."""
    with_labels: int = 0
    """Of them, how often the answer with labels was the annotator's."""
    gained: int = 0
    """How often only that one was."""
    lost: int = 0
    """How often only the answer without labels was."""

    @property
    def without_labels(self) -> int:
        """How often the answer without labels was hers."""
        return self.with_labels - self.gained + self.lost

    @property
    def verdict(self) -> Verdict:
        """What can be said, after each label anew, and be wrong at most once in twenty sessions.

        If labels change nothing, each answer that turned is as likely gained as lost. What was
        seen is compared with that by its mean likelihood over all other chances of a gain, which
        exceeds `ODDS` at any time with a probability of at most 1 / `ODDS`.

        Source: Ville's inequality, with a uniform mixture; Robbins, Statistical methods related
        to the law of the iterated logarithm, Annals of Mathematical Statistics 41, 1970.
        """
        if not self.compared:
            return Verdict.UNKNOWN
        turned = self.gained + self.lost
        if 2**turned >= ODDS * (turned + 1) * comb(turned, self.gained):
            return Verdict.HELP if self.gained > self.lost else Verdict.HARM
        return Verdict.TOO_FEW if self.compared < MANY else Verdict.NO_DIFFERENCE


def paired(labelled: Sequence[LabelledExample], *, raw: bool = False) -> Paired:
    """Compare the two answers with the labels that hold.

    Args:
        labelled: the labels that hold. Those given after a look at the answer do not count, nor
            do those whose example was answered without labels only.
        raw: compare the answers as the model gave them, never calibrated; those whose scores were
            not kept do not count.
    """
    compared = with_labels = gained = lost = 0
    for one in labelled:
        pick = one.pick
        if pick is None or not pick.n_demonstrations or pick.scan_answer is None:
            continue
        if (agrees := one.agrees) is None:
            continue
        without = pick.scan_answer == one.answer.text
        if raw:
            if not pick.scores or not pick.scan_scores:
                continue
            agrees = _best(pick.scores) == one.answer.text
            without = _best(pick.scan_scores) == one.answer.text
        compared += 1
        with_labels += agrees
        gained += agrees and not without
        lost += without and not agrees
    return Paired(compared, with_labels, gained, lost)


def _best(scores: Mapping[str, float]) -> str:
    """The label with the largest score; ties go to the first."""
    return max(scores, key=scores.__getitem__)
