"""Questions about examples, answered a piece at a time: whatever the app says comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.core.records import Decision
from neufs_tui.engine.explaining import Explainer
from neufs_tui.engine.line import Line
from neufs_tui.engine.protocol import Explain, Explained, FindWords, WordsFound
from neufs_tui.selection.scanned_pool import Readings

Words = tuple[Word, ...]
_NOTHING = object()
"""What is found of an example that is not scanned."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What was asked, and what held then."""

    asked: Explain | FindWords
    decisions: tuple[Decision, ...]
    """In the order it was decided."""


class Answering:
    """The questions without an answer."""

    def __init__(self, line: Line) -> None:
        """Begin with none."""
        self._line = line
        self._open: list[Question] = []
        """The newest last."""
        self._current: tuple[Question, Iterator[Explanation | Words | None]] | None = None

    def ask(self, question: Question) -> None:
        """Take in a question."""
        self._open.append(question)

    def leave(self) -> None:
        """Leave the one under way: it begins again with what is there then."""
        self._current = None

    def go_on(self, explainer: Explainer, readings: Readings | None) -> bool:
        """Answer the newest first, until something is heard from the app.

        Args:
            explainer: of the pool that is scanned.
            readings: the pool as it is ranked; None while nothing is.

        Returns:
            Whether no question is left.
        """
        while self._open and not self._line.has_news:
            question = self._open[-1]
            if self._current is None or self._current[0] is not question:
                self._current = (question, _steps(question, explainer, readings))
            found = next(self._current[1], _NOTHING)
            if found is None:
                continue
            self._open.remove(question)
            self._current = None
            example_id = question.asked.example_id
            if isinstance(question.asked, FindWords):
                words = found if isinstance(found, tuple) else None
                self._line.send(WordsFound(example_id, words))
            else:
                explanation = found if isinstance(found, Explanation) else None
                self._line.send(Explained(example_id, explanation))
        return not self._open


def _steps(
    question: Question, explainer: Explainer, readings: Readings | None
) -> Iterator[Explanation | Words | None]:
    """The work on one question, a piece at a time."""
    about = question.asked.example_id, question.decisions
    if isinstance(question.asked, FindWords):
        return explainer.words(*about)
    return explainer.explain(*about, readings)
