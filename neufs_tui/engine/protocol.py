"""What the app and the engine say to each other: small frozen values over a pipe.

The app sends requests, the engine sends events. Nothing here imports a library, so the app
can speak the protocol without loading one.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from neufs_tui.core.calibration import Calibration, Uncalibrated
from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.estimated import Estimated
from neufs_tui.core.exact_prompt import AskPrompt, ExactPrompt
from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.core.records import (
    Decision,
    DecisionKind,
    Example,
    ExampleId,
    ModelIdentity,
    Pick,
    Task,
)
from neufs_tui.core.settings import (
    DEFAULT_SIGNAL,
    CaptureSettings,
    ModelChoice,
    SelectionSettings,
    Signal,
)
from neufs_tui.model.loading.listener import LoadStage
from neufs_tui.statistics.stability import Change


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Everything the engine needs to begin: the first value sent to it."""

    examples: tuple[Example, ...]
    task: Task
    model: ModelChoice
    cache_dir: Path
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    batch_halvings: int = 0
    """How often the batch size was halved after the engine ran out of memory."""
    first: tuple[ExampleId, ...] = ()
    """Examples to be scanned before all others, in this order: those shown until a strategy
    chooses, and those that answers are calibrated on."""
    tests: tuple[Example, ...] = ()
    """Texts beside the pool that are read in the place of check examples, in this order."""

    def wants_as(self, other: EngineConfig) -> bool:
        """Whether the other wants the same, in whatever order and batches it is to be scanned."""
        return replace(self, first=(), batch_halvings=0) == replace(
            other, first=(), batch_halvings=0
        )


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the annotator is: sent at the start and after each of her actions."""

    revision: int
    """Length of the journal; a reply carries it back, so a late reply is recognised."""
    decisions: tuple[Decision, ...]
    """What holds now, in the order it was decided; the labels of check examples, which are to be
    read with the others in the prompt, as skips with that mark."""
    shown: ExampleId | None
    """The example on the annotator's screen, or None when nothing is."""
    signal: Signal = DEFAULT_SIGNAL
    """The difficulty signal to choose by: of the decisions before the last one, so that the next
    example is the same whether it was computed while it was read or after a key."""
    signal_after: Signal = DEFAULT_SIGNAL
    """The one to choose by once `shown` is decided."""
    held: tuple[ExampleId, ...] = ()
    """What is drawn for the check set and still to come, the next first: not to be chosen."""
    shown_is_passed_over: bool = False
    """`shown` is a check example or flagged, so that labelling it is as passing it over."""
    hunted: str | None = None
    """The label that she hunts for: its likeliest examples come next. None while she does not."""

    @property
    def passed_over(self) -> tuple[Decision, ...]:
        """The decisions, and what is held as if it were skipped."""
        return (*self.decisions, *(Decision(one, DecisionKind.SKIP) for one in self.held))


@dataclass(frozen=True, slots=True)
class Explain:
    """The annotator asks why an example was chosen, by the decisions of the last focus."""

    example_id: ExampleId


@dataclass(frozen=True, slots=True)
class FindWords:
    """The annotator asks which words of an example switch its gap neurons on.

    By the decisions of the last focus.
    """

    example_id: ExampleId


@dataclass(frozen=True, slots=True)
class Suggest:
    """The annotator asks for examples whose label is all but certain, by the last focus."""

    label: str | None
    """Which; None is the one with the most such examples."""
    limit: int
    """The most examples that are wanted."""


@dataclass(frozen=True, slots=True)
class AskUncertainty:
    """The annotator asks how uncertain the model is of each example's label, by the last focus."""


PoolQuestion = Suggest | AskUncertainty | AskPrompt
Request = Focus | Explain | FindWords | PoolQuestion

StageName = LoadStage | Literal["libraries", "scan"]


@dataclass(frozen=True, slots=True)
class Stage:
    """The engine has begun a part of its work that may take a while."""

    name: StageName
    detail: str
    """A short phrase for the loading screen, such as `reading weights (538 MB, float32)`."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """More bytes of a model have arrived."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ModelReady:
    """The model is loaded."""

    name: str
    device: str
    dtype: str
    neurons: str
    """How they are laid out, as a phrase."""
    fingerprint: str
    """Digest of every file the model is read from and the dtype, as recorded in manifests."""
    reading: str = ""
    """How prompts and answers are read, as a phrase."""
    adapter: str | None = None
    """As said beside the name; see `ModelIdentity`."""
    base: str | None = None
    """What an adapter named itself."""
    trusted: bool = False
    """Its family is not known."""

    @property
    def identity(self) -> ModelIdentity:
        """What is stored of it with each answer."""
        return ModelIdentity(
            self.name,
            self.fingerprint,
            self.device,
            self.dtype,
            self.adapter,
            self.base,
            self.trusted,
        )


@dataclass(frozen=True, slots=True)
class Noticed:
    """There is something to be known of how the model reads this pool."""

    sentences: tuple[str, ...]
    """Without their full stops."""


@dataclass(frozen=True, slots=True)
class ScanProgressed:
    """One more batch is stored."""

    done: int
    total: int
    rate: float
    """Examples a second in this run; 0 until one batch has been read."""
    remaining_s: float | None
    """Seconds left at that rate; None while unknown."""
    truncated: int = 0
    """Texts cut in the middle so far because they outgrow the context window."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What to show for a `Focus`, and what to show after either answer to it."""

    revision: int
    shown: ExampleId | None
    """The `shown` of the focus this answers."""
    pick: Pick | None
    """The next example when nothing is shown; None when every scanned example is decided."""
    after_label: Pick | None
    """The next example once `shown` is labelled."""
    after_skip: Pick | None
    """The next example once `shown` is skipped."""
    queue: tuple[Pick, ...]
    """Further candidates, best first, to go on with if the engine falls silent."""
    complete: bool
    """Whether the whole pool was scanned when this was computed."""
    further_after_label: tuple[Pick, ...] = ()
    """What else is best then, best first, to go on with while keys are faster than the engine: it
    knows the label, as `queue` does not."""
    further_after_skip: tuple[Pick, ...] = ()
    """The same for `after_skip`."""
    final: bool = False
    """Nothing that is under way will change it: all is scanned and, behind the labels, reread."""
    gains: Mapping[ExampleId, int] = field(default_factory=dict)
    """Neurons that each labelled example added to those switched on by the labels before it."""
    held: tuple[Pick, ...] = ()
    """What the model says of the next examples that are held, as far as they are scanned."""
    hunted: str | None = None
    """The label hunted for, in the focus this answers."""


@dataclass(frozen=True, slots=True)
class Rescored:
    """How far the undecided examples are read with the labels there are in the prompt."""

    n_demonstrations: int
    """Labels in the prompt."""
    n_labels: int
    """Labels that hold; more than those in the prompt when the window cannot hold them all."""
    done: int
    total: int
    changes: tuple[Change, ...] = ()
    """What each of the last labels changed, as far as it was seen."""
    revision: int = 0
    """Length of the journal whose labels these are."""
    answers: Mapping[str, int] = field(default_factory=dict)
    """How often the model gave each answer it gave, over all that is read with those labels."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What calibrates the answers with the labels there are, or why nothing does."""

    revision: int
    """Length of the journal whose labels these are."""
    by: Calibration | Uncalibrated


@dataclass(frozen=True, slots=True)
class WordsFound:
    """The answer to `FindWords`."""

    example_id: ExampleId
    words: tuple[Word, ...] | None
    """The strongest, in the order of the text; None while the example is not scanned."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer to `Explain`."""

    example_id: ExampleId
    explanation: Explanation | None
    """None while the example is not scanned."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An example whose label is all but certain."""

    example_id: ExampleId
    probability: float
    """Of that label, by the annotator's labels."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """The answer to `Suggest`."""

    revision: int
    """Length of the journal whose labels it goes by."""
    label: str | None
    """The label of all rows; None where none was named and nothing is certain enough."""
    rows: tuple[Suggestion, ...]
    """The surest first."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The answer to `AskUncertainty`."""

    by_row: array[float]
    """Of the pool: entropy of the label probabilities as a share of the most there can be; -1 where
    nothing is read."""


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """The engine cannot go on and exits."""

    message: str
    hint: str
    out_of_memory: bool = False
    """A restart with smaller batches may help; otherwise a restart is pointless."""


@dataclass(frozen=True, slots=True)
class EngineDied:
    """The engine process is gone without a word; made by the client, which starts it again."""

    reason: str
    """One sentence without its full stop, such as `the engine was killed by SIGKILL`."""
    restarting: bool
    """False when it died too often to try once more."""
    safer: str = ""
    """What the next start does otherwise, such as `with smaller batches`; may be empty."""


EngineEvent = Stage | Downloaded | ModelReady | Noticed | ScanProgressed
"""What loading and scanning tell, with a screen or without."""

Event = (
    EngineEvent
    | Ranked
    | Rescored
    | ChecksRead
    | Calibrated
    | Estimated
    | Explained
    | WordsFound
    | Suggested
    | Uncertainty
    | ExactPrompt
    | EngineFailed
    | EngineDied
)
