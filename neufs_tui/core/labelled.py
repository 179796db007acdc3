"""What the annotator made of an example, with what was known when she did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neufs_tui.core.records import Answer, Example, Pick, Task


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """An example whose label holds."""

    example: Example
    answer: Answer
    seq: int
    """Number of the event in the session's journal whose place in the order it has: a larger one
    was labelled later. A label that was changed in place has the place of the one it replaced."""
    pick: Pick | None = None
    """Why it was shown; None when it was named by id."""
    seconds: float | None = None
    """From its paint to the key; None when unknown."""
    looked: bool = False
    """The model's answer was shown before the label was given."""
    shown: bool = True
    """It was put before the annotator, not named by id."""
    check: bool = False
    """It is of the check set, and no demonstration."""
    hunted: bool = False
    """It was looked for by its likely label, so it says nothing of how frequent that is."""
    task: Task | None = None
    """What was asked when it was given; None when that is not known."""
    flagged: bool = False
    """It is doubted, and in no prompt, measure or export."""
    note: str = ""
    """What the annotator wrote of it."""
    given: str = ""
    """Where its label was given, if that was elsewhere: a file's name, or a field of the pool."""

    @property
    def is_shot(self) -> bool:
        """Whether it is of the few-shot set."""
        return not self.check and not self.flagged

    @property
    def agrees(self) -> bool | None:
        """Whether the model's answer was the annotator's.

        None when the two cannot be compared: the model had not answered, its answer had been
        looked at, or the label was not among those that it chose from.
        """
        if self.pick is None or self.pick.answer is None or self.looked:
            return None
        if self.pick.probabilities and self.answer.text not in self.pick.probabilities:
            return None
        return self.pick.answer == self.answer.text


def class_counts(labelled: Iterable[LabelledExample], label_names: Sequence[str]) -> dict[str, int]:
    """Examples of each of the task's labels, in its order, those without any included."""
    given = Counter(label for one in labelled for label in one.answer.labels)
    return {name: given[name] for name in label_names}
