"""The prompt that a model reads, token by token: its parts, and the labels scored behind it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from neufs_tui.core.records import Demonstration, ExampleId

PartKind = Literal["beginning", "instruction", "demonstration", "text", "answer"]
"""`beginning` is all in front of the first demonstration or the text, the instruction mostly;
`instruction` is one that the template puts elsewhere; `answer` goes from the end of the text to
where the answer begins."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens that follow one another."""

    ids: tuple[int, ...]
    text: str
    """What they are decoded to."""
    is_special: bool = False
    """It is one control token, not text that looks like one."""


@dataclass(frozen=True, slots=True)
class PromptPart:
    """The tokens of a prompt that belong to one thing."""

    kind: PartKind
    stretches: tuple[Stretch, ...]
    demonstration: int | None = None
    """Which it is, from 0; None of any other part."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Its tokens."""
        return tuple(token for one in self.stretches for token in one.ids)

    @property
    def n_tokens(self) -> int:
        """How many."""
        return sum(len(one.ids) for one in self.stretches)

    @property
    def text(self) -> str:
        """What they are decoded to."""
        return "".join(one.text for one in self.stretches)


@dataclass(frozen=True, slots=True)
class ScoredLabel:
    """A label as it is scored behind a prompt."""

    name: str
    pieces: tuple[Stretch, ...]
    """A token each."""


@dataclass(frozen=True, slots=True)
class PromptWindow:
    """How much of a context window prompts may take."""

    size: int
    """Tokens that the model was made for."""
    room: int
    """Those that a prompt may have: the longest label leaves so many."""
    for_demonstrations: int
    """Those that instruction and demonstrations may take before the oldest of them leaves."""


@dataclass(frozen=True, slots=True)
class AskPrompt:
    """The annotator asks what the model reads for an example, by the last focus."""

    example_id: ExampleId
    text: str
    """Its own, which the pool may not have any more."""


@dataclass(frozen=True, slots=True)
class ExactPrompt:
    """What the model reads for an example; the answer to `AskPrompt`."""

    example_id: ExampleId
    parts: tuple[PromptPart, ...]
    """None is empty."""
    shown: tuple[tuple[ExampleId, str], ...]
    """The demonstrations in it, in its order, each with its label."""
    n_labels: int
    """Labels that could be in it; more than those in it where the window does not hold them all."""
    truncated: bool
    """The text's middle is left out."""
    candidates: tuple[ScoredLabel, ...]
    """The task's labels, in its order."""
    window: PromptWindow

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(part.text for part in self.parts)

    @property
    def n_tokens(self) -> int:
        """Its tokens."""
        return self.ends[-1] if self.parts else 0

    @property
    def ends(self) -> tuple[int, ...]:
        """Tokens up to the end of each part."""
        return tuple(accumulate(part.n_tokens for part in self.parts))

    @property
    def n_left(self) -> int:
        """Tokens by which it could be longer."""
        return self.window.room - self.n_tokens


@dataclass(frozen=True, slots=True)
class TemplatedPrompt:
    """A prompt with a placeholder in the place of the text.

    It holds its special tokens as they are written: it is to be tokenised without adding any again.
    """

    text: str
    placeholder: str
    """`{text}`, or another where the prompt holds that itself; each is to be replaced."""
    n_tokens: int
    """Less those of the text."""
    demonstrations: tuple[Demonstration, ...]
    """Those in it: the newest that fit into the context window."""
    is_exact: bool
    """Tokenised, it gives the ids that the model reads. Not where a text in it looks like a special
    token, or a tokenizer takes the answer prefix together with what is in front of it."""
