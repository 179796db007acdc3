"""What is shown, what comes next, and what the engine is told. No widgets in here.

Two rules hold it together: a decision is stored before anything moves, and a ranking never
changes what is on the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from neufs_tui.app.inquiry import Inquiry
from neufs_tui.app.ports import Workspace
from neufs_tui.app.status import Counts, EngineState
from neufs_tui.core.explanation import Explanation, Word
from neufs_tui.core.learning import Progress, learning_progress
from neufs_tui.core.records import Decision, DecisionKind, Example, ExampleId, Pick
from neufs_tui.core.settings import Signal
from neufs_tui.core.track_record import signal_for
from neufs_tui.engine.protocol import (
    EngineDied,
    EngineFailed,
    Event,
    Explain,
    Explained,
    FindWords,
    Focus,
    ModelReady,
    Ranked,
    Request,
    Rescored,
    ScanProgressed,
    WordsFound,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An example on the screen."""

    example: Example
    pick: Pick | None
    """Why; None when no ranking chose it."""


class Waiting(Enum):
    """Why nothing is shown."""

    LOADING = auto()
    CHOOSING = auto()
    """The next ranking is on its way."""
    SCANNING = auto()
    """Every scanned example is decided, and the scan goes on."""
    FAILED = auto()
    """The engine is off before it chose anything: she decides whether to go on without."""
    FINISHED = auto()
    """Every example of the pool is decided."""


class Flow:
    """The annotator's way through the pool."""

    def __init__(self, workspace: Workspace) -> None:
        """Take up the session where it was left."""
        self.workspace = workspace
        self._send: Callable[[Request], None] | None = None
        self._ranked: Ranked | None = None
        self._displaced: list[Shown] = []
        self._begun = False
        self._read_decisions()
        self.engine = EngineState.LOADING
        self.scan: ScanProgressed | None = None
        self.rescored: Rescored | None = None
        self.shown: Shown | None = None
        self.done: Shown | None = None
        """The example labelled last, as it was shown; None after anything else."""
        self._revealed: set[ExampleId] = set()
        """Examples whose answer by the model she has seen."""
        self._inquiry = Inquiry(workspace.add_panel)
        restored = workspace.shown()
        if restored is not None:
            example_id, pick, looked = restored
            if looked:
                self._revealed.add(example_id)
            self._show(self._undecided(example_id, pick))

    @property
    def counts(self) -> Counts:
        """Where she is."""
        return self._counts

    @property
    def waiting(self) -> Waiting | None:
        """Why nothing is shown; None when something is."""
        if self.shown is not None:
            return None
        if not self._counts.left:
            return Waiting.FINISHED
        if self.engine is EngineState.GONE:
            return Waiting.FAILED
        nothing_scanned = self._ranked is None and (self.scan is None or not self.scan.done)
        if self.engine is not EngineState.RUNNING or nothing_scanned:
            return Waiting.LOADING
        exhausted = self._ranked is not None and self._answers_now(self._ranked)
        return Waiting.SCANNING if exhausted else Waiting.CHOOSING

    def connect(self, send: Callable[[Request], None]) -> None:
        """Tell the engine, from now on, where she is."""
        self._send = send
        self._tell()

    def painted(self) -> None:
        """Remember, for a restart, what has come onto her screen."""
        if self.shown is not None:
            shown = self.shown
            self.workspace.set_shown(shown.example.id, shown.pick, looked=self.has_looked)

    def decide(
        self, kind: DecisionKind, label: str | None = None, *, seconds: float | None = None
    ) -> Decision | None:
        """Store her decision on the example shown, then show the next.

        Args:
            kind: label or skip.
            label: the label's name; None for a skip.
            seconds: from the example's paint to her key.

        Returns:
            What was stored; None when nothing was shown.

        Raises:
            SessionError: it could not be stored, and nothing has moved.
        """
        if self.shown is None:
            return None
        done = self.shown
        decision = Decision(done.example.id, kind, label)
        follow_up = self._follow_up(kind)
        self.workspace.record(
            decision,
            pick=done.pick,
            seconds=seconds,
            looked=self.has_looked,
            panel=self.explanation,
        )
        self._displaced.clear()
        self.done = done if kind is DecisionKind.LABEL else None
        if self.done is not None:
            self._revealed.add(done.example.id)
            self._inquiry.labelled()
        self._read_decisions()
        self._show(self._next(follow_up))
        self._tell()
        return decision

    def undo(self) -> Decision | None:
        """Take back the last decision and show its example again, with the reason it had."""
        decision = self.workspace.undo()
        if decision is None:
            return None
        self.done = None
        if decision.kind is DecisionKind.LABEL:
            self._revealed.add(decision.example_id)
        self._read_decisions()
        pick = self.workspace.pick_of(decision.example_id)
        again = self._undecided(decision.example_id, pick)
        if again is not None:
            if self.shown is not None:
                self._displaced.append(self.shown)
            self._show(again)
        self._tell()
        return decision

    def redo(self) -> Decision | None:
        """Bring back the decision undone last and show what was shown before that undo."""
        follow_ups = {kind: self._follow_up(kind) for kind in DecisionKind}
        decision = self.workspace.redo()
        if decision is None:
            return None
        self.done = None
        self._read_decisions()
        if self.shown is None or self.shown.example.id in self._decided:
            back = self._displaced.pop() if self._displaced else None
            if back is None or back.example.id in self._decided:
                back = self._next(follow_ups[decision.kind])
            self._show(back)
        self._tell()
        return decision

    def hear(self, event: Event) -> None:
        """Take in what the engine says; what is on the screen stays there."""
        match event:
            case Ranked():
                self.engine = EngineState.RUNNING
                self._hear_ranked(event)
            case ScanProgressed():
                self.engine = EngineState.RUNNING
                self.scan = event
            case Rescored():
                self.rescored = event
            case Explained() | WordsFound():
                self._inquiry.hear(event)
            case ModelReady():
                self.workspace.set_model(event)
            case EngineFailed():
                self._lose_engine(restarting=event.out_of_memory)
            case EngineDied():
                self._lose_engine(restarting=event.restarting)

    @property
    def explanation(self) -> Explanation | None:
        """Of the example shown; None until the engine has it."""
        return self._inquiry.explanation

    @property
    def words(self) -> tuple[Word, ...] | None:
        """Of the example shown, that switch its gap on; None until she asked and they are there."""
        return self._inquiry.words

    @property
    def has_looked(self) -> bool:
        """Whether she has seen the model's answer to the example shown."""
        return self.shown is not None and self.shown.example.id in self._revealed

    def look(self) -> Pick | None:
        """The model's answer to the example shown, which she sees now; None when there is none.

        Raises:
            SessionError: that she looked could not be stored.
        """
        if self.shown is None or self.shown.pick is None:
            return None
        self._revealed.add(self.shown.example.id)
        self.painted()
        return self.shown.pick

    def ask_why(self) -> ExampleId | None:
        """Ask the engine to explain the example shown; None when there is nobody to ask."""
        return self._ask(Explain)

    def ask_words(self) -> ExampleId | None:
        """Ask which words switch the gap on; None when there is nobody to ask."""
        return self._ask(FindWords)

    def _ask(self, question: type[Explain] | type[FindWords]) -> ExampleId | None:
        if self.shown is None or self._send is None or self.engine is EngineState.GONE:
            return None
        self._send(question(self.shown.example.id, self._decisions))
        return self.shown.example.id

    def labels(self) -> dict[ExampleId, str]:
        """The labels that hold."""
        return {one.example_id: one.label for one in self._decisions if one.label is not None}

    def progress(self) -> Progress:
        """What the labels have brought so far."""
        return learning_progress(
            self.workspace.labelled(),
            difficulty=self.workspace.selection.difficulty,
            gains=self._ranked.gains if self._ranked is not None else {},
            changes=self.rescored.changes if self.rescored is not None else (),
            n_classes=len(self.workspace.task.labels),
        )

    def label_in_file_order(self) -> None:
        """Begin without the engine, which failed before it chose anything."""
        if self.waiting is Waiting.FAILED:
            self._show(self._first_in_file())

    def example(self, decision: Decision) -> Example | None:
        """The example decided; None when its row is no longer in the pool."""
        return self.workspace.examples.get(decision.example_id)

    def _hear_ranked(self, ranked: Ranked) -> None:
        if self._ranked is None or ranked.revision >= self._ranked.revision:
            self._ranked = ranked
        self._want_explanation()
        if self.shown is not None or not self._answers_now(ranked):
            return
        pick = ranked.pick
        shown = self._undecided(pick.example_id, pick) if pick else None
        if shown is None and ranked.complete:
            shown = self._first_in_file()
        if shown is not None:
            self._show(shown)
            self._tell()

    def _lose_engine(self, *, restarting: bool) -> None:
        self.engine = EngineState.RESTARTING if restarting else EngineState.GONE
        self._inquiry.lose_engine()
        if self.shown is None and self._begun:
            self._show(self._next(None))
        self._tell()

    def _answers_now(self, ranked: Ranked) -> bool:
        """Whether a ranking was made for what is decided and shown at this moment."""
        shown = self.shown.example.id if self.shown else None
        return ranked.revision == self._revision and ranked.shown == shown

    def _follow_up(self, kind: DecisionKind) -> Pick | None:
        """What the engine wants next once the example shown is decided."""
        ranked = self._ranked
        if ranked is None or self.shown is None or not self._answers_now(ranked):
            return None
        return ranked.after_label if kind is DecisionKind.LABEL else ranked.after_skip

    def _next(self, follow_up: Pick | None) -> Shown | None:
        """The follow-up, else the last ranking's queue, else file order if the engine is away."""
        picks = [follow_up]
        if self._ranked is not None:
            ranked = self._ranked
            picks += [*ranked.queue, ranked.pick, ranked.after_skip, ranked.after_label]
        for pick in picks:
            if pick and (shown := self._undecided(pick.example_id, pick)):
                return shown
        if self.engine in (EngineState.RESTARTING, EngineState.GONE):
            return self._first_in_file()
        return None

    def _first_in_file(self) -> Shown | None:
        undecided = (e for e in self.workspace.examples.values() if e.id not in self._decided)
        first = next(undecided, None)
        return Shown(first, None) if first else None

    def _undecided(self, example_id: ExampleId, pick: Pick | None) -> Shown | None:
        example = self.workspace.examples.get(example_id)
        if example is None or example_id in self._decided:
            return None
        return Shown(example, pick)

    def _show(self, shown: Shown | None) -> None:
        self.shown = shown
        self._inquiry.begin(shown.example.id if shown else None)
        self._begun = self._begun or shown is not None

    def _tell(self) -> None:
        if self._send is not None and self.engine is not EngineState.GONE:
            shown = self.shown.example.id if self.shown else None
            self._send(Focus(self._revision, self._decisions, shown, *self._signals()))
            self._want_explanation()

    def _want_explanation(self) -> None:
        """Ask why the example shown was chosen, once, as soon as there is an engine to ask."""
        if self.engine is EngineState.RUNNING and self._inquiry.must_ask():
            self.ask_why()

    def _signals(self) -> tuple[Signal, Signal]:
        """The difficulty signals for this example and for the next.

        Each is chosen by the labels there were when its example was looked for, which is one
        decision earlier: the next example is computed while she reads this one.
        """
        wanted = self.workspace.selection.difficulty
        if wanted != "auto":
            return wanted, wanted
        labelled = self.workspace.labelled()
        last = self._decisions[-1] if self._decisions else None
        was_label = last is not None and last.kind is DecisionKind.LABEL
        before = labelled[:-1] if was_label else labelled
        return signal_for(wanted, before), signal_for(wanted, labelled)

    def _read_decisions(self) -> None:
        self._revision = self.workspace.revision()
        self._decisions = self.workspace.decisions()
        self._decided = {decision.example_id for decision in self._decisions}
        pool = self.workspace.examples
        kinds = [(d.kind, d.example_id in pool) for d in self._decisions]
        self._counts = Counts(
            pool=len(pool),
            labelled=kinds.count((DecisionKind.LABEL, True)),
            skipped=kinds.count((DecisionKind.SKIP, True)),
            elsewhere=kinds.count((DecisionKind.LABEL, False)),
        )
