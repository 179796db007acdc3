"""The engine as the loop sees it: the newest that it has said, and what of it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import Enum, auto

from neufs_tui.core.calibration import Calibration
from neufs_tui.core.check_readings import ChecksRead
from neufs_tui.core.estimated import Estimated
from neufs_tui.core.records import ExampleId, Pick
from neufs_tui.engine.protocol import (
    Calibrated,
    EngineDied,
    EngineFailed,
    Event,
    ModelReady,
    Ranked,
    Rescored,
    ScanProgressed,
)
from neufs_tui.labelling.check_readings import CheckReadings
from neufs_tui.statistics.one_answer import MIN_ANSWERS


class EngineState(Enum):
    """What the app knows of the engine process."""

    LOADING = auto()
    """Started for the first time, nothing ranked yet."""
    RUNNING = auto()
    RESTARTING = auto()
    """Gone, and started again by its client."""
    GONE = auto()
    """Gone for good; labelling goes on without it."""


class EngineView:
    """The newest of each kind of event."""

    def __init__(
        self, checks: CheckReadings, keep: Callable[[Calibration | None], None] = lambda _: None
    ) -> None:
        """Begin with a silent engine.

        Args:
            checks: what is known of the check examples.
            keep: stores what calibrates the answers now.
        """
        self._keep = keep
        self.calibrated: Calibrated | None = None
        """What calibrates them with labels that all hold, or why nothing does."""
        self.estimated: Estimated | None = None
        """How well labels that all hold foretell one another."""
        self.checks = checks
        self.state = EngineState.LOADING
        self.model: ModelReady | None = None
        self.scan: ScanProgressed | None = None
        self.rescored: Rescored | None = None
        """The newest that speaks of labels which all hold."""
        self.answers: Mapping[str, int] = {}
        """How often the model gave each answer with such labels in its prompt, when enough was
        read with them last to judge by."""
        self._turned_back_at = 0
        self.has_chosen = False
        """Whether a strategy has chosen anything; before, examples are drawn at random."""
        self.ranked: Ranked | None = None
        """The ranking of the newest revision that was ranked, with this hunt or none."""
        self.hunted: str | None = None
        """The label that the annotator hunts for."""

    def take(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case Ranked():
                self.state = EngineState.RUNNING
                is_newer = self.ranked is None or event.revision >= self.ranked.revision
                if is_newer and event.hunted == self.hunted:
                    self.ranked = event
                self.has_chosen |= any(pick.is_ranked for pick in self.queue())
            case ScanProgressed():
                self.state = EngineState.RUNNING
                self.scan = event
            case Rescored() if event.revision >= self._turned_back_at:
                self.rescored = event
                if sum(event.answers.values()) >= MIN_ANSWERS:
                    self.answers = event.answers
            case Calibrated() if event.revision >= self._turned_back_at:
                self.calibrated = event
                self._keep(event.by if isinstance(event.by, Calibration) else None)
            case Estimated() if event.revision >= self._turned_back_at:
                self.estimated = event
            case ChecksRead():
                self.checks.hear(event)
            case ModelReady():
                self.model = event
                self.checks.begin(event.identity)
            case EngineFailed():
                self._lose(restarting=event.out_of_memory)
            case EngineDied():
                self._lose(restarting=event.restarting)

    def scan_anew(self) -> None:
        """Another pool is to be scanned: what was ranked is to go on with, and is not the last."""
        self.scan = None
        if self.ranked is not None:
            self.ranked = replace(self.ranked, complete=False, final=False)

    def hunt(self, label: str | None) -> None:
        """A label is hunted for, or none any more: what was ranked before is no longer wanted."""
        self.hunted = label
        if self.ranked is not None:
            self.ranked = Ranked(
                revision=-1,
                shown=None,
                pick=None,
                after_label=None,
                after_skip=None,
                queue=(),
                complete=False,
                gains=self.ranked.gains,
                held=self.ranked.held,
                hunted=label,
            )

    def turn_back(self, revision: int) -> None:
        """An undo or redo made the journal this long: what is older no longer holds."""
        self.rescored, self.answers, self._turned_back_at = None, {}, revision
        self.calibrated = self.estimated = None

    def held(self, example_id: ExampleId) -> Pick | None:
        """What the model says of a check example to come; None while that is not known."""
        held = self.ranked.held if self.ranked is not None else ()
        return next((pick for pick in held if pick.example_id == example_id), None)

    @property
    def is_away(self) -> bool:
        """Whether there is no engine at the moment, though there was one."""
        return self.state in (EngineState.RESTARTING, EngineState.GONE)

    @property
    def has_nothing(self) -> bool:
        """Whether nothing is scanned or ranked yet, as far as one knows."""
        return self.ranked is None and (self.scan is None or not self.scan.done)

    def ranked_for(self, revision: int, shown: ExampleId | None) -> Ranked | None:
        """The ranking made for a journal of this length and this example; None without one."""
        ranked = self.ranked
        if ranked is None or ranked.revision != revision or ranked.shown != shown:
            return None
        return ranked

    def queue(self) -> Iterator[Pick]:
        """What the last ranking has to go on with, best first."""
        ranked = self.ranked
        if ranked is not None:
            picks = (*ranked.queue, ranked.pick, ranked.after_skip, ranked.after_label)
            yield from (pick for pick in picks if pick is not None)

    def _lose(self, *, restarting: bool) -> None:
        self.state = EngineState.RESTARTING if restarting else EngineState.GONE
        if not restarting and self.hunted is not None:
            self.hunt(None)
