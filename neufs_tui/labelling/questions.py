"""What the engine is asked about the example shown, and what came back."""

from __future__ import annotations

from collections.abc import Callable

from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.core.records import ExampleId
from neufs_tui.engine.protocol import Explained, WordsFound


class Questions:
    """Each example shown is explained once, unasked; its words are found on request."""

    def __init__(self, keep: Callable[[Explanation], None]) -> None:
        """Begin with no example.

        Args:
            keep: stores the explanation of an example that was labelled without one.
        """
        self._keep = keep
        self._example_id: ExampleId | None = None
        self._is_asked = False
        self._owes_words = False
        """Whether they were asked for while the example was not scanned."""
        self.is_unread = False
        """Whether the engine has said that the example shown is not scanned yet."""
        self.owed: set[ExampleId] = set()
        """Labelled examples whose explanation is still to come."""
        self.explanation: Explanation | None = None
        """Of the example shown; None until the engine has it."""
        self.words: tuple[Word, ...] | None = None
        """Of the example shown; None until they are asked for and the engine has them."""

    def begin(
        self, example_id: ExampleId | None, *, known: Explanation | None = None, ask: bool = True
    ) -> None:
        """Another example is shown, or none.

        Args:
            example_id: which.
            known: its explanation, where that is known.
            ask: it is to be asked for, where it is not.
        """
        self._example_id = example_id
        self.explanation, self.words = known, None
        self._is_asked = not ask
        self._owes_words = self.is_unread = False

    def must_ask(self) -> bool:
        """Whether the explanation has to be asked for; if so, it counts as asked."""
        if self._example_id is None or self._is_asked or self.explanation is not None:
            return False
        self._is_asked = True
        return True

    def must_ask_words(self) -> bool:
        """Whether the words have to be asked for again, as now they can be found."""
        must = self._owes_words and self.explanation is not None
        self._owes_words = self._owes_words and not must
        return must

    def lose_engine(self) -> None:
        """Whatever was asked is not coming."""
        self._is_asked = False

    def labelled(self) -> None:
        """The example shown was labelled: what is not known of it yet is stored when it comes."""
        if self._example_id is not None and self.explanation is None:
            self.owed.add(self._example_id)

    def hear(self, event: Explained | WordsFound) -> None:
        """Take in an answer, whichever example it is about."""
        about_shown = event.example_id == self._example_id
        if isinstance(event, WordsFound):
            if about_shown:
                self.words = event.words
                self._owes_words = self.is_unread = event.words is None
        elif event.explanation is None:
            self._is_asked = False  # it is not scanned yet: ask again after the next batch
            self.is_unread = self.is_unread or about_shown
        else:
            if about_shown:
                self.explanation = event.explanation
                self.is_unread = False
            if event.example_id in self.owed:
                self.owed.remove(event.example_id)
                self._keep(event.explanation)
