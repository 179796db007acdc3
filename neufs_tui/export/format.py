"""What is known of a format: who reads it, and what writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from neufs_tui.export.few_shot_set import FewShotSet

Files = dict[str, str]
"""Name → content."""

KEPT = "kept"
"""Of the order, by who reads it, without further ado."""


class Shape(StrEnum):
    """What a file is for: the two are often mixed up."""

    PROMPT = "prompt"
    """The set in one prompt, in front of what is asked; its order matters."""
    ROWS = "rows"
    """An example a row, to train on, to measure with or to go on labelling."""


class Needs(StrEnum):
    """What a format is made of beside the set."""

    TESTS = "texts with gold labels"
    TEXTS = "texts to ask about"
    TEMPLATE = "the model's chat template"


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which others read the set."""

    shape: Shape
    read_by: str
    """Who reads it."""
    order: str
    """Whether who reads it keeps the order, and when."""
    path: str
    """Name of its file, or of its folder, beside those of other formats."""
    write: Callable[[FewShotSet], str | Files]
    """The file, or the files of its folder."""
    loading: str
    """How it is loaded, in at most three lines, from where it lies."""
    has_turns: bool = False
    """A text is in the task's user turn and an answer has the task's prefix, as in the prompt;
    else both are as they are."""
    needs: Needs | None = None
    by_suffix: bool = False
    """Who reads it goes by the suffix of its name."""
    takes_tests: bool = False
    """Texts with gold labels have a place in it."""
    names_model: bool = False
    """The model is named in it."""

    @property
    def is_folder(self) -> bool:
        """Whether it is several files."""
        return "." not in self.path and self.path != "Modelfile"
