"""The values the whole program speaks in: frozen, free of any library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from neufs_tui.core.settings import DEFAULT_SIGNAL, DEFAULT_STRATEGY, Signal

ExampleId = str
"""Content hash of an example's text: 32 hexadecimal digits."""


def content_hash(text: str) -> ExampleId:
    """Identify a text by what it says, so that rows may move and pools may grow."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Example:
    """One text of the pool."""

    id: ExampleId
    text: str
    row: int
    """Place of its first occurrence in the pool file, counted from 0 over the good rows."""
    source_id: str | int | None = None
    """The row's own `id`, or None."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Every other field of the row (`label`, `choices`, …), as read; travels to the export."""

    @property
    def number(self) -> int:
        """What it is called on the screen: its place in the pool, counted from 1."""
        return self.row + 1

    @property
    def stable_id(self) -> str | int:
        """Its own id, else its content hash; neither changes when rows move."""
        return self.id if self.source_id is None else self.source_id


@dataclass(frozen=True, slots=True)
class Label:
    """One answer that an example may be given."""

    name: str
    definition: str = ""
    """One line that tells the annotator what the label means; may be empty."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the model is asked, and the labels it chooses from."""

    labels: tuple[Label, ...]
    instruction: str = (
        "Classify the text. Answer with one of these labels and nothing else:\n{labels}"
    )
    """System message; `{labels}` becomes one line per label, with its definition."""
    input: str = "{text}"
    """User turn; `{text}` becomes the example's text."""
    answer_prefix: str = ""
    """Assistant text in front of every answer, such as `<answer>`."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names in the order they were given, which is the order of all scores."""
        return tuple(label.name for label in self.labels)

    def changes_since(self, then: Task) -> tuple[str, ...]:
        """What another task asked otherwise, each in words that follow `another`."""
        definitions = {label.name: label.definition for label in then.labels}
        changed = {
            "instruction": self.instruction != then.instruction,
            "input template": self.input != then.input,
            "answer prefix": self.answer_prefix != then.answer_prefix,
            "set of labels": self.label_names != then.label_names,
            "definition": any(
                label.definition != definitions.get(label.name, label.definition)
                for label in self.labels
            ),
        }
        return tuple(words for words, is_changed in changed.items() if is_changed)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A text with its answer, shown to the model in the prompt."""

    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an annotator gives an example: the name of one of the task's labels.

    Whatever counts, shows or exports an answer asks it for its labels and its text, so that
    tasks with other kinds of answers need no other journal, prompt or export.
    """

    label: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The task's labels that it uses."""
        return (self.label,)

    @property
    def text(self) -> str:
        """The answer in full, as the model is to write it."""
        return self.label


class DecisionKind(StrEnum):
    """What the annotator may do with the example in front of her."""

    LABEL = "label"
    SKIP = "skip"
    ACCEPT = "accept"
    """A suggested answer is accepted. The example is decided, but the answer is no label: no shot,
    and in no count, measure or export of labels."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for one example now: undone decisions are not among them."""

    example_id: ExampleId
    kind: DecisionKind
    answer: Answer | None = None
    """None for a skip."""
    check: bool = False
    """On a check example: a label of it measures, and is never a demonstration."""
    hunted: bool = False
    """On an example that was looked for by its likely label, or suggested with one: how often such
    labels are given says nothing of how frequent they are in the pool."""
    flagged: bool = False
    """Doubted: a label of it is in no prompt, measure or export until it is no longer flagged."""
    given: str = ""
    """Where its label was given, if that was elsewhere: a file's name, or a field of the pool."""

    @property
    def is_shot(self) -> bool:
        """Whether it is a label of the few-shot set."""
        return self.kind is DecisionKind.LABEL and not self.check and not self.flagged


class MarkKind(StrEnum):
    """What the annotator may say of an example beside deciding on it."""

    FLAG = "flag"
    UNFLAG = "unflag"
    NOTE = "note"
    OFFER = "offer"
    """It was skipped, and is to be offered again."""
    AGAIN = "again"
    """It was labelled, and asked again: what it was given then changes no label."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something said of an example, decided or not."""

    example_id: ExampleId
    kind: MarkKind
    note: str = ""
    """The note as it is from here on, empty for none; only where the kind is `note`."""
    answer: Answer | None = None
    """What it was given when it was asked again; None when it was passed over."""


DRAW = "draw"
"""The rule of a random draw, in a reason: by the seed and the text's id alone."""
CHECK = "check"
"""The rule of a random draw for the check set."""
HUNT = "hunt"
"""The rule of the annotator's hunt for a label: the likeliest examples of it first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """The numbers that chose an example, as they were when it was chosen."""

    neighbourhood: int
    """Members of its cluster, examples nearer to this cluster's medoid than to any label, or else
    the examples it was compared with, itself among them; 0 when there are neither."""
    neuron_count: int
    """Q(x), distinct neurons kept."""
    distance: float
    """Jaccard distance to its nearest medoid, in [0, 1]."""
    score: float
    """The score that ranked it, in a cluster in [0, 1], else by the strategy's own measure; 0
    when it ranks without one."""
    signal: Signal = DEFAULT_SIGNAL
    """The difficulty signal in that score."""
    n_farther: int = 0
    """Members of its cluster that are farther from the medoid; 0 where that has no weight."""
    n_easier: int = 0
    """Members of its cluster that are less hard by that signal; 0 where that has no weight."""
    n_demonstrations: int = 0
    """Labels in the prompt with which that signal was read."""
    strategy: str = DEFAULT_STRATEGY
    """Name of the rule that chose it."""
    seed: int | None = None
    """The seed it went by; None when that was not kept."""
    label: str | None = None
    """The label that was hunted for, whose probability the score is; else the one that speaks most
    for `likely`; None where that has no weight."""
    likely: float = 0.0
    """Probability, by the annotator's labels, that it is of a class that lacks labels, each class
    counted by how much it lacks; 0 where that had no weight."""
    n_unlikelier: int = 0
    """Members of its cluster that are less likely to be of such a class; 0 where that had no
    weight."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights gave the answers, and how they were run."""

    name: str
    fingerprint: str
    """Digest of every file the model was read from, and the dtype."""
    device: str
    dtype: str
    adapter: str | None = None
    """The adapter that was said beside the name, or `none`; None where nobody said one."""
    base: str | None = None
    """What an adapter was put on, where it named that itself; None where it did not."""
    trusted: bool = False
    """Its family is not known: it was used because it passed the self-check."""


@dataclass(frozen=True, slots=True)
class Pick:
    """An example proposed for annotation, and why."""

    example_id: ExampleId
    reason: Reason | None
    """None in sessions of earlier versions, for what came in file order."""
    answer: str | None
    """The model's own answer: the label with the highest probability. None when it had not read
    the text."""
    probabilities: Mapping[str, float]
    """Label name → softmax of the scores, with what calibration adds to them, over the labels
    there were; sums to 1. Empty when those labels are not known."""
    n_scanned: int
    """Examples scanned when it was chosen."""
    n_labelled: int
    """Labels taken into account when it was chosen."""
    n_unscanned: int = 0
    """Labels on examples of the pool that held then too, but whose examples were not scanned."""
    n_demonstrations: int = 0
    """Labels in the prompt with which the model gave its answer."""
    difficulty: Mapping[Signal, float] = field(default_factory=dict)
    """Each signal's value, in standard deviations among what it can be compared with."""
    truncated: bool = False
    """The model read the text without its middle, which did not fit."""
    model: ModelIdentity | None = None
    """The model whose answer and numbers these are; None when that is not known."""
    scan_answer: str | None = None
    """The model's answer without labels in the prompt, as the scan read it; None when that is not
    known. Calibrated as `answer` is."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Label name → mean log-probability of its tokens, as the model gave it: never calibrated.
    Empty where that was not kept."""
    scan_scores: Mapping[str, float] = field(default_factory=dict)
    """The same without labels in the prompt."""
    calibrated: bool = False
    """Whether the answers and probabilities are."""
    estimate: Mapping[str, float] = field(default_factory=dict)
    """Label name → probability that the annotator's labels make likely, of a suggestion that of the
    label suggested; empty where there was no such estimate."""

    @property
    def is_ranked(self) -> bool:
        """Whether a strategy or a hunt chose it, not a draw."""
        return self.reason is not None and self.reason.strategy not in (DRAW, CHECK)

    @property
    def is_check(self) -> bool:
        """Whether it was drawn for the check set."""
        return self.reason is not None and self.reason.strategy == CHECK

    @property
    def is_hunted(self) -> bool:
        """Whether it came while the annotator hunted for a label."""
        return self.reason is not None and self.reason.strategy == HUNT
